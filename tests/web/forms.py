"""Form handling of a browser."""

import re


def posted(page: str) -> dict[str, str]:
    """The values that a browser sends for an unchanged form."""
    fields = dict(re.findall(r'<input class="input[^"]*"[^>]*? name="([a-z_0-9]+)"[^>]*? value="([^"]*)"', page))
    fields |= {
        name: value
        for value, name in re.findall(r'<input class="input[^"]*"[^>]*value="([^"]*)"[^>]* name="([a-z_0-9]+)"', page)
    }
    fields |= dict(re.findall(r'<input type="hidden" name="(version)" value="([^"]*)"', page))
    for name, options in re.findall(r'<select class="select"[^>]* name="([a-z_0-9]+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.findall(r'<option value="([^"]*)" selected', options) or re.findall(r'value="([^"]*)"', options)
        fields[name] = chosen[0]
    ticked = r'<input type="checkbox" name="((?:pauses|step)_[a-z_0-9]+)" value="([^"]*)" checked'
    fields |= dict(re.findall(ticked, page))
    return fields | dict(re.findall(r'<textarea[^>]* name="([a-z_]+)"[^>]*>([^<]*)</textarea>', page))
