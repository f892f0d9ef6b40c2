"""Validation of Block Kit as Slack does it: the errors in messages and views, with their places.

The limits are those of slack_sdk's own models; field texts (2000) are from docs.slack.dev.
"""

import json
from collections.abc import Mapping
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    HeaderBlock,
    ImageBlock,
    InputBlock,
    MarkdownBlock,
    Option,
    OverflowMenuElement,
    SectionBlock,
    StaticSelectElement,
)
from slack_sdk.models.blocks.block_elements import InputInteractiveElement, InteractiveElement
from slack_sdk.models.views import View

from simulators.ids import Ids
from simulators.slack.rich import check_rich_text

MESSAGE_BLOCKS_MAX = 50
MESSAGE_BLOCKS_TEXT_MAX = 13_200  # undocumented; seen in slackapi/bolt-js#2509
FIELD_TEXT_MAX = 2000
VIEW_BYTES_MAX = 250_000

# type: (required properties, other properties), besides type and block_id
BLOCKS: dict[str, tuple[set[str], set[str]]] = {
    "section": (set(), {"text", "fields", "accessory", "expand"}),
    "divider": (set(), set()),
    "header": ({"text"}, set()),
    "context": ({"elements"}, set()),
    "actions": ({"elements"}, set()),
    "image": ({"alt_text"}, {"image_url", "slack_file", "title"}),
    "input": ({"label", "element"}, {"hint", "optional", "dispatch_action"}),
    "markdown": ({"text"}, set()),
    "rich_text": ({"elements"}, set()),
    "table": ({"rows"}, {"column_settings"}),
    "video": ({"title", "video_url", "thumbnail_url", "alt_text"}, {
        "title_url", "description", "provider_icon_url", "provider_name", "author_name",
    }),
}  # fmt: skip
MESSAGE_ONLY = {"markdown", "table"}
SELECTS = {"static_select", "multi_static_select"}
PLAIN_ELEMENTS = {
    "users_select", "multi_users_select", "conversations_select", "multi_conversations_select",
    "channels_select", "multi_channels_select", "external_select", "multi_external_select",
    "datepicker", "timepicker", "datetimepicker", "plain_text_input", "email_text_input",
    "url_text_input", "number_input", "file_input", "rich_text_input",
}  # fmt: skip
CHOICES = {"checkboxes", "radio_buttons"}
INPUT_ONLY = {
    "plain_text_input", "email_text_input", "url_text_input", "number_input", "file_input",
    "rich_text_input",
}  # fmt: skip


class _Check:
    """Walks the blocks and collects each error with its place."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def fault(self, what: str, where: str) -> None:
        self.faults.append(f"[ERROR] {what} [json-pointer:{where}]")

    def string(self, value: object, where: str, longest: int, *, least: int = 1) -> None:
        if not isinstance(value, str):
            self.fault("must be a string", where)
        elif len(value) < least:
            self.fault(f"must be more than {least - 1} characters", where)
        elif len(value) > longest:
            self.fault(f"must be less than {longest + 1} characters", where)

    def optional(self, holder: Mapping[str, Any], key: str, where: str, longest: int) -> None:
        if holder.get(key) is not None:
            self.string(holder[key], f"{where}/{key}", longest, least=0)

    def text(self, value: object, where: str, longest: int, *, plain: bool = False) -> None:
        if not isinstance(value, Mapping):
            self.fault("must provide an object", where)
        elif value.get("type") not in (("plain_text",) if plain else ("plain_text", "mrkdwn")):
            self.fault(f"unsupported type: {value.get('type')}", f"{where}/type")
        else:
            self.string(value.get("text"), f"{where}/text", longest)

    def items(self, value: object, where: str, *, least: int, most: int) -> list[Any]:
        if not isinstance(value, list):
            self.fault("must provide an array", where)
            return []
        if len(value) < least:
            self.fault(f"no fewer than {least} items allowed", where)
        if len(value) > most:
            self.fault(f"no more than {most} items allowed", where)
        return value

    def blocks(self, blocks: object, where: str, *, surface: str, most: int) -> None:
        seen: set[str] = set()
        for number, block in enumerate(self.items(blocks, where, least=0, most=most)):
            self.block(block, f"{where}/{number}", surface=surface)
            name = block.get("block_id") if isinstance(block, Mapping) else None
            if name in seen:
                self.fault(f"`block_id` {name} already exists", f"{where}/{number}/block_id")
            seen |= {name} if isinstance(name, str) else set()

    def block(self, block: object, where: str, *, surface: str) -> None:
        kind = block.get("type") if isinstance(block, Mapping) else None
        if not isinstance(block, Mapping) or kind not in BLOCKS:
            return self.fault(f"unsupported type: {kind}", f"{where}/type")
        if kind in MESSAGE_ONLY and surface != "message":
            return self.fault(f"unsupported type: {kind}", f"{where}/type")
        required, others = BLOCKS[kind]
        for missing in sorted(required - block.keys()):
            self.fault(f"missing required field: {missing}", where)
        for unknown in sorted(block.keys() - required - others - {"type", "block_id"}):
            self.fault(f"invalid additional property: {unknown}", where)
        self.optional(block, "block_id", where, Block.block_id_max_length)
        if required <= block.keys():
            inside = getattr(self, f"_{kind}", None)
            if inside is not None:
                inside(block, where)

    def _section(self, block: Mapping[str, Any], where: str) -> None:
        if "text" not in block and "fields" not in block:
            self.fault("must provide text or fields", where)
        if "text" in block:
            self.text(block["text"], f"{where}/text", SectionBlock.text_max_length)
        if "fields" in block:
            fields = self.items(block["fields"], f"{where}/fields", least=1, most=SectionBlock.fields_max_length)
            for number, field in enumerate(fields):
                self.text(field, f"{where}/fields/{number}", FIELD_TEXT_MAX)
        if "accessory" in block:
            self.element(block["accessory"], f"{where}/accessory", also=("image",))

    def _header(self, block: Mapping[str, Any], where: str) -> None:
        self.text(block["text"], f"{where}/text", HeaderBlock.text_max_length, plain=True)

    def _context(self, block: Mapping[str, Any], where: str) -> None:
        most = ContextBlock.elements_max_length
        for number, element in enumerate(self.items(block["elements"], f"{where}/elements", least=1, most=most)):
            place = f"{where}/elements/{number}"
            if isinstance(element, Mapping) and element.get("type") == "image":
                self.element(element, place, also=("image",))
            else:
                self.text(element, place, SectionBlock.text_max_length)

    def _actions(self, block: Mapping[str, Any], where: str) -> None:
        most = ActionsBlock.elements_max_length
        seen: set[object] = set()
        for number, element in enumerate(self.items(block["elements"], f"{where}/elements", least=1, most=most)):
            place = f"{where}/elements/{number}"
            self.element(element, place)
            name = element.get("action_id") if isinstance(element, Mapping) else None
            if name is not None and name in seen:
                self.fault(f"`action_id` {name} already exists", f"{place}/action_id")
            seen.add(name)

    def _image(self, block: Mapping[str, Any], where: str) -> None:
        if ("image_url" in block) == ("slack_file" in block):
            self.fault("must provide either image_url or slack_file", where)
        self.optional(block, "image_url", where, ImageBlock.image_url_max_length)
        self.string(block["alt_text"], f"{where}/alt_text", ImageBlock.alt_text_max_length)
        if "title" in block:
            self.text(block["title"], f"{where}/title", ImageBlock.title_max_length, plain=True)

    def _input(self, block: Mapping[str, Any], where: str) -> None:
        self.text(block["label"], f"{where}/label", InputBlock.label_max_length, plain=True)
        if "hint" in block:
            self.text(block["hint"], f"{where}/hint", InputBlock.hint_max_length, plain=True)
        self.element(block["element"], f"{where}/element", inside_input=True)

    def _rich_text(self, block: Mapping[str, Any], where: str) -> None:
        check_rich_text(block, where, self.fault)

    def _markdown(self, block: Mapping[str, Any], where: str) -> None:
        self.string(block["text"], f"{where}/text", MarkdownBlock.text_max_length)

    def element(self, element: object, where: str, *, also: tuple[str, ...] = (), inside_input: bool = False) -> None:
        kind = element.get("type") if isinstance(element, Mapping) else None
        known = PLAIN_ELEMENTS | SELECTS | CHOICES | {"button", "overflow"} | set(also)
        barred = {"button", "overflow"} if inside_input else INPUT_ONLY
        if not isinstance(element, Mapping) or kind not in known - barred:
            return self.fault(f"unsupported type: {kind}", f"{where}/type")
        self.optional(element, "action_id", where, InteractiveElement.action_id_max_length)
        if "placeholder" in element:
            longest = InputInteractiveElement.placeholder_max_length
            self.text(element["placeholder"], f"{where}/placeholder", longest, plain=True)
        if "confirm" in element:
            self._confirm(element["confirm"], f"{where}/confirm")
        if kind == "button":
            self._button(element, where)
        elif kind == "image":
            self._image({**element, "alt_text": element.get("alt_text")}, where)
        elif kind == "overflow":
            self._options(element.get("options"), f"{where}/options", OverflowMenuElement.options_max_length)
        elif kind in SELECTS and "option_groups" not in element:
            self._options(element.get("options"), f"{where}/options", StaticSelectElement.options_max_length)
        elif kind in CHOICES:
            self._options(element.get("options"), f"{where}/options", 10)

    def _button(self, element: Mapping[str, Any], where: str) -> None:
        self.text(element.get("text"), f"{where}/text", ButtonElement.text_max_length, plain=True)
        self.optional(element, "value", where, ButtonElement.value_max_length)
        self.optional(element, "url", where, ButtonElement.url_max_length)
        if element.get("style", "primary") not in ("primary", "danger"):
            self.fault("must be a valid enum value", f"{where}/style")

    def _options(self, options: object, where: str, most: int) -> None:
        for number, option in enumerate(self.items(options, where, least=1, most=most)):
            place = f"{where}/{number}"
            if not isinstance(option, Mapping):
                self.fault("must provide an object", place)
                continue
            self.text(option.get("text"), f"{place}/text", Option.label_max_length)
            self.string(option.get("value"), f"{place}/value", Option.value_max_length)

    def _confirm(self, confirm: object, where: str) -> None:
        if not isinstance(confirm, Mapping):
            return self.fault("must provide an object", where)
        limits = {
            "title": ConfirmObject.title_max_length, "text": ConfirmObject.text_max_length,
            "confirm": ConfirmObject.confirm_max_length, "deny": ConfirmObject.deny_max_length,
        }  # fmt: skip
        for key, longest in limits.items():
            self.text(confirm.get(key), f"{where}/{key}", longest, plain=key != "text")


def message_faults(blocks: object) -> list[str]:
    """The errors that Slack reports in the blocks of a message; empty if it accepts them."""
    check = _Check()
    check.blocks(blocks, "/blocks", surface="message", most=MESSAGE_BLOCKS_MAX)
    return check.faults


def completed(blocks: list[dict[str, Any]], ids: Ids) -> list[dict[str, Any]]:
    """Blocks with the block_id and action_id that Slack adds where they are missing."""
    return [{"block_id": ids.secret(5), **_with_action_ids(block, ids)} for block in blocks]


def _with_action_ids(block: dict[str, Any], ids: Ids) -> dict[str, Any]:
    def named(element: Any) -> Any:
        acts = isinstance(element, dict) and element.get("type") not in ("image", "mrkdwn", "plain_text")
        return {"action_id": ids.secret(5), **element} if acts else element

    if block["type"] == "actions":
        return block | {"elements": [named(element) for element in block["elements"]]}
    holder = {"section": "accessory", "input": "element"}.get(block["type"], "")
    return block | {holder: named(block[holder])} if holder in block else block


def too_long(blocks: object) -> bool:
    """Whether blocks that are valid one by one together exceed the size of a message."""
    return len(json.dumps(blocks, ensure_ascii=False)) > MESSAGE_BLOCKS_TEXT_MAX


def view_faults(view: object) -> list[str]:
    """The errors that Slack reports in a modal or a Home tab; empty if it accepts it."""
    check = _Check()
    if not isinstance(view, Mapping) or view.get("type") not in ("modal", "home"):
        check.fault("unsupported type", "/view/type")
        return check.faults
    modal = view["type"] == "modal"
    for key, longest in (
        ("title", View.title_max_length), ("submit", View.submit_max_length), ("close", View.close_max_length),
    ):  # fmt: skip
        if key in view and modal:
            check.text(view[key], f"/view/{key}", longest, plain=True)
        elif key in view:
            check.fault(f"invalid additional property: {key}", "/view")
    if modal and "title" not in view:
        check.fault("missing required field: title", "/view")
    check.optional(view, "private_metadata", "/view", View.private_metadata_max_length)
    check.optional(view, "callback_id", "/view", View.callback_id_max_length)
    check.blocks(view.get("blocks"), "/view/blocks", surface=view["type"], most=View.blocks_max_length)
    has_input = any(isinstance(b, Mapping) and b.get("type") == "input" for b in view.get("blocks") or [])
    if modal and has_input and "submit" not in view:
        check.fault("missing required field: submit", "/view")
    if len(json.dumps(view)) > VIEW_BYTES_MAX:
        check.fault("must be less than 250 kilobytes", "/view")
    return check.faults
