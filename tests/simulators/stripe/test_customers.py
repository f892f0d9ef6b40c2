"""Customers, tax rates and lists of the local Stripe, through stripe-python."""

import pytest
import stripe


def test_customer_is_created_changed_listed_and_deleted(client: stripe.StripeClient) -> None:
    made = client.v1.customers.create(
        {
            "name": "Ferretería Lozano",
            "email": "cuentas@lozano.example",
            "preferred_locales": ["es"],
            "address": {"line1": "C/ Mayor 1", "city": "Getafe", "country": "ES"},
            "metadata": {"tenant": "lozano"},
            "tax_id_data": [{"type": "es_cif", "value": "B12345674"}],
        }
    )
    assert made.id.startswith("cus_")
    assert made.address is not None and made.address.postal_code is None
    client.v1.customers.update(made.id, {"email": "", "metadata": {"tenant": "", "plan": "oro"}})
    changed = client.v1.customers.retrieve(made.id)
    assert changed.email is None
    assert changed.metadata is not None and changed.metadata.to_dict() == {"plan": "oro"}
    assert [one.id for one in client.v1.customers.list().data] == [made.id]
    client.v1.customers.delete(made.id)
    assert client.v1.customers.retrieve(made.id).deleted is True
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.customers.update(made.id, {"name": "x"})
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


def test_customers_are_found_by_metadata(client: stripe.StripeClient) -> None:
    wanted = client.v1.customers.create({"metadata": {"client": "7"}, "name": "Uno"})
    client.v1.customers.create({"metadata": {"client": "77"}, "name": "Dos"})
    found = client.v1.customers.search({"query": "metadata['client']:'7'"})
    assert [one.id for one in found.data] == [wanted.id]
    assert client.v1.customers.search({"query": "metadata['client']:'7' AND name:'Dos'"}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="unable to parse"):
        client.v1.customers.search({"query": "anything"})


def test_lists_have_pages_and_filters(client: stripe.StripeClient) -> None:
    ids = [client.v1.customers.create({"email": f"{n}@example.com"}).id for n in range(5)]
    first = client.v1.customers.list({"limit": 2})
    assert [one.id for one in first.data] == [ids[4], ids[3]]
    assert first.has_more is True
    assert [one.id for one in first.auto_paging_iter()] == ids[::-1]
    before = client.v1.customers.list({"limit": 2, "ending_before": ids[1]})
    assert [one.id for one in before.data] == [ids[3], ids[2]]
    assert [one.id for one in client.v1.customers.list({"email": "3@example.com"}).data] == [ids[3]]
    assert client.v1.customers.list({"created": {"gt": 4_000_000_000}}).data == []


def test_tax_rate_keeps_its_percentage(client: stripe.StripeClient) -> None:
    rate = client.v1.tax_rates.create({"display_name": "IVA", "percentage": 5.2, "inclusive": False})
    assert rate.percentage == 5.2
    client.v1.tax_rates.update(rate.id, {"active": False})
    assert client.v1.tax_rates.list({"active": True}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="percentage"):
        client.v1.tax_rates.create({"display_name": "IVA", "percentage": 121, "inclusive": False})
