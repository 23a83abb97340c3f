"""The fake Stripe refuses what the official library's typed parameters do not have."""

import re
import typing

import pytest
import stripe

from tests.conftest import PROJECT
from tests.fake_stripe import operations, parameters, shapes


@pytest.mark.parametrize(
    ("values", "param"),
    [
        ({"payment_method_types": ["card"]}, "payment_method_types"),
        ({"colour": "red"}, "colour"),
        ({"payment_intent_data": {"metdata": {"a": "b"}}}, "payment_intent_data[metdata]"),
        (
            {"payment_method_options": {"wechat_pay": {"client": "web", "colour": "red"}}},
            "payment_method_options[wechat_pay][colour]",
        ),
        (
            {"line_items": [{"quantity": 1, "price_data": {"currency": "cny", "amount": 5}}]},
            "line_items[0][price_data][amount]",
        ),
    ],
)
def test_unknown_parameters_are_refused_at_any_depth(open_session, values, param):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        open_session(**values)
    assert refused.value.http_status == 400
    assert refused.value.code == "parameter_unknown"
    assert refused.value.param == param
    assert str(refused.value.user_message) == f"Received unknown parameter: {param}"


@pytest.mark.parametrize(
    ("values", "param", "said"),
    [
        ({"mode": "gift"}, "mode", "must be one of payment, setup or subscription"),
        ({"expires_at": "soon"}, "expires_at", "Invalid integer"),
        ({"metadata": ["a"]}, None, None),
        ({"custom_text": "thanks"}, "custom_text", "Invalid object"),
        ({"allow_promotion_codes": "perhaps"}, "allow_promotion_codes", "Invalid boolean"),
        ({"allowed_payment_method_types": "card"}, "allowed_payment_method_types", "Invalid array"),
        ({"allowed_payment_method_types": ["cowrie"]}, "allowed_payment_method_types[0]", "one of"),
        ({"metadata": {"k" * 41: "v"}}, "metadata", "up to 40 characters"),
        ({"metadata": {"k": "v" * 501}}, "metadata[k]", "up to 500 characters"),
        ({"metadata": {str(n): "v" for n in range(51)}}, "metadata", "limit of 50"),
        (
            {"payment_method_options": {"wechat_pay": {"app_id": "x"}}},
            "payment_method_options[wechat_pay][client]",
            "Missing required param",
        ),
    ],
)
def test_values_of_another_type_are_refused(open_session, values, param, said):
    if param is None:  # a list whose places are keys: metadata takes any key
        assert open_session(**values).metadata.to_dict() == {"0": "a"}
        return
    with pytest.raises(stripe.InvalidRequestError, match=said) as refused:
        open_session(**values)
    assert refused.value.param == param


def test_unknown_parameters_of_reading_and_of_refunds_are_refused(stripe_client):
    for call in (
        lambda: stripe_client.v1.events.list({"account": "acct_x"}),
        lambda: stripe_client.v1.balance_transactions.list({"available_on": 5}),
        lambda: stripe_client.v1.refunds.create({"charge": "ch_x", "note": "x"}),
        lambda: stripe_client.v1.checkout.sessions.retrieve("cs_test_x", {"colour": "red"}),
    ):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            call()
        assert refused.value.code == "parameter_unknown"


def test_every_operation_has_typed_parameters_and_no_request_options_among_them():
    for operation in operations.OPERATIONS:
        known = parameters.names(operation.params)
        assert not known & {"api_key", "idempotency_key", "stripe_account", "stripe_version"}
    assert "line_items" in parameters.names("checkout.SessionCreateParams")


def test_a_shape_refuses_what_the_librarys_class_does_not_have():
    with pytest.raises(AssertionError, match="has no"):
        shapes.shape(stripe.Refund, id="re_1", amount=1, created=1, currency="cny", colour="red")
    with pytest.raises(AssertionError, match="always has"):
        shapes.shape(stripe.Refund, id="re_1")


def test_every_code_of_an_error_is_one_that_stripe_has():
    hint = stripe.PaymentIntent.LastPaymentError.__annotations__["code"]
    known = {word for choice in typing.get_args(hint) for word in typing.get_args(choice)}
    elsewhere = {"payment_failed"}  # a charge's failure code, not an error's
    used = {
        code
        for path in (PROJECT / "tests/fake_stripe").glob("*.py")
        for code in re.findall(r'\bcode="(\w+)"', path.read_text())
    }
    assert "parameter_unknown" in used
    assert used - elsewhere <= known
