"""Text messages: signed as the provider checks it, sent once, refusals told apart."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from bot import clock
from bot.channels import outbox, sms
from bot.channels.delivery import TryLater, Undeliverable
from bot.channels.sms import Sms, fitting, sms_send
from bot.checks import settings_agree
from bot.handovers.models import Notice
from tests.doubles import sms_api
from tests.doubles.sms_api import SmsProvider

PHONE = "13851612345"
NEWS = "您的代办单办好了。"


@pytest.fixture
def provider(settings: Any) -> Iterator[SmsProvider]:
    """The provider, and this office's account there."""
    double = SmsProvider()
    double.start()
    settings.BOT_SMS_ACCESS_KEY_ID = sms_api.KEY_ID
    settings.BOT_SMS_ACCESS_KEY_SECRET = sms_api.SECRET
    settings.BOT_SMS_SIGN_NAME = sms_api.SIGN_NAME
    settings.BOT_SMS_TEMPLATE = sms_api.TEMPLATE
    settings.BOT_SMS_BASE_URL = double.url
    yield double
    double.stop()


def message(**changes: Any) -> Sms:
    return Sms(**{"key": "ticket-7", "phone": PHONE, "text": NEWS, **changes})


def test_the_signature_is_that_of_the_providers_own_example() -> None:
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }
    query = {
        "RegionId": "cn-shanghai",
        "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
    }
    signed = sms.authorization("YourAccessKeyId", "YourAccessKeySecret", query, headers)
    assert signed == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;"
        "x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


@pytest.mark.parametrize(
    ("value", "wanted"),
    [("a b", "a%20b"), ("*", "%2A"), ("~", "~"), ("/", "%2F"), ("一", "%E4%B8%80"), ("+", "%2B")],
)
def test_what_is_signed_is_percent_encoded_as_the_provider_does(value: str, wanted: str) -> None:
    assert sms.canonical_query({"k": value}) == f"k={wanted}"


def test_news_goes_by_the_general_template(provider: SmsProvider) -> None:
    sms_send(message())
    sent = provider.sent[0]
    assert (sent.phone, sent.template, sent.out_id) == (PHONE, sms_api.TEMPLATE, "ticket-7")
    assert provider.texts() == [NEWS]


def test_a_template_of_its_own_gets_its_own_values(provider: SmsProvider) -> None:
    values = {"number": "261123 0047", "phone": "025-1234567 & 12345"}
    sms_send(message(template="SMS_100000002", params=values))
    assert provider.sent[0].params == values


def test_every_request_has_a_number_of_its_own(provider: SmsProvider) -> None:
    for number in range(3):
        sms_send(message(key=f"ticket-{number}"))
    assert len(provider.nonces) == len(provider.sent) == 3


def test_a_wrong_secret_is_a_matter_for_the_office(provider: SmsProvider, settings: Any) -> None:
    settings.BOT_SMS_ACCESS_KEY_SECRET = "another"
    with pytest.raises(TryLater, match="BOT_SMS_ACCESS_KEY_SECRET is not right") as refusal:
        sms_send(message())
    assert refusal.value.seconds >= 600
    assert provider.sent == []


def test_an_unknown_key_is_a_matter_for_the_office(provider: SmsProvider, settings: Any) -> None:
    settings.BOT_SMS_ACCESS_KEY_ID = "LTAInobody"
    with pytest.raises(TryLater, match="BOT_SMS_ACCESS_KEY_ID is not known"):
        sms_send(message())


@pytest.mark.parametrize("phone", ["02558881234", "1385161234", "+8613851612345x"])
def test_what_is_no_mobile_number_is_refused_for_good(provider: SmsProvider, phone: str) -> None:
    with pytest.raises(Undeliverable, match="no mobile number"):
        sms_send(message(phone=phone))


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("触发分钟级流控Permits:1", 60),
        ("触发小时级流控Permits:5", 3600),
        ("触发天级流控Permits:40", 6 * 3600),
        ("limit", 3600),
    ],
)
def test_a_number_that_had_too_many_waits_as_long_as_its_limit(
    provider: SmsProvider, told: str, seconds: float
) -> None:
    provider.failures = [("isv.BUSINESS_LIMIT_CONTROL", told)]
    with pytest.raises(TryLater) as refusal:
        sms_send(message())
    assert refusal.value.seconds == seconds


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("isv.SMS_CONTENT_ILLEGAL", Undeliverable),
        ("isv.BLACK_KEY_CONTROL_LIMIT", Undeliverable),
        ("isv.PARAM_LENGTH_LIMIT", Undeliverable),
        ("isv.TEMPLATE_MISSING_PARAMETERS", Undeliverable),
        ("isv.OUT_OF_SERVICE", TryLater),
        ("isv.AMOUNT_NOT_ENOUGH", TryLater),
        ("isv.DAY_LIMIT_CONTROL", TryLater),
        ("isv.SMS_TEMPLATE_ILLEGAL", TryLater),
        ("isp.SYSTEM_ERROR", TryLater),
        ("Throttling.User", TryLater),
        ("isv.NOBODY_HAS_HEARD_OF", TryLater),
        ("", TryLater),
    ],
)
def test_refusals_for_good_and_for_now_are_told_apart_in_words_that_are_kept(
    provider: SmsProvider, code: str, kind: type[Exception]
) -> None:
    provider.failures = [(code, f"about {PHONE}")]
    with pytest.raises((Undeliverable, TryLater)) as refusal:
        sms_send(message())
    assert type(refusal.value) is kind
    kept = outbox._code(refusal.value)
    assert kept == str(refusal.value)
    assert len(kept) <= 60


def test_every_reason_can_be_kept() -> None:
    codes = [*sms._FOR_GOOD, *sms._LATER, *sms._LATER_BEGINNINGS, sms._TOO_OFTEN, "a.B_C", "1&2"]
    for code in codes:
        reason = sms._named({"Code": code})
        assert outbox._code(reason) == str(reason), code
        assert len(str(reason)) <= 60


@pytest.mark.parametrize("failure", [500, 503])
def test_a_provider_that_is_down_is_asked_again(provider: SmsProvider, failure: int) -> None:
    provider.failures = [failure]
    with pytest.raises(TryLater, match="no proper answer"):
        sms_send(message())


def test_a_provider_that_cannot_be_reached_is_asked_again(
    provider: SmsProvider, settings: Any
) -> None:
    settings.BOT_SMS_BASE_URL = "http://127.0.0.1:9"
    with pytest.raises(TryLater, match="ConnectError"):
        sms_send(message())


@pytest.mark.parametrize("name", ["ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SIGN_NAME", "TEMPLATE"])
def test_without_all_of_its_settings_nothing_is_asked(
    provider: SmsProvider, settings: Any, name: str
) -> None:
    setattr(settings, f"BOT_SMS_{name}", "")
    assert not sms.is_set_up()
    with pytest.raises(TryLater, match="not set up"):
        sms_send(message())
    assert provider.actions == []


def test_the_first_attempt_asks_for_nothing_but_to_send(provider: SmsProvider) -> None:
    sms_send(message())
    assert provider.actions == ["SendSms"]


def test_what_the_provider_has_is_not_sent_again(provider: SmsProvider) -> None:
    provider.hangs_up = 1
    with pytest.raises(TryLater, match="RemoteProtocolError"):
        sms_send(message())
    sms_send(message(first_tried=timedelta(seconds=5)))
    assert provider.texts() == [NEWS]


def test_another_message_to_the_same_number_is_no_reason_not_to_send(provider: SmsProvider) -> None:
    sms_send(message(key="ticket-6"))
    sms_send(message(first_tried=timedelta(hours=20)))
    assert len(provider.sent) == 2


def test_a_key_without_the_right_to_ask_sends_again(provider: SmsProvider) -> None:
    provider.may_query = False
    sms_send(message(first_tried=timedelta(seconds=5)))
    assert provider.actions == ["QuerySendDetails", "SendSms"]


@pytest.mark.parametrize(
    ("text", "length", "wanted"),
    [
        ("您的证办好了。", 35, "您的证办好了。"),
        ("您的证办好了。\n请来取。", 35, "您的证办好了。 请来取。"),
        (
            "您的证办好了，周四下午有人送到您家，请在家等一下。",
            20,
            "您的证办好了，周四下午有人送到您家。",
        ),
        ("办好了！明天九点来取吧", 8, "办好了。"),
        ("没有标点的一长串话", 6, "没有标点的…"),
    ],
)
def test_long_news_is_cut_after_a_whole_clause(
    settings: Any, text: str, length: int, wanted: str
) -> None:
    settings.BOT_SMS_TEXT_LENGTH = length
    assert fitting(text) == wanted
    assert len(wanted) <= length


@pytest.mark.parametrize(
    ("phone", "wanted"),
    [
        (PHONE, True),
        ("19912345678", True),
        ("12345678901", False),
        ("02558881234", False),
        ("", False),
    ],
)
def test_a_mobile_number_is_known_by_its_form(phone: str, wanted: bool) -> None:
    assert sms.is_mobile(phone) is wanted


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"BOT_SMS_TEMPLATE": ""}, "bot.E080"),
        ({"BOT_SMS_ACCESS_KEY_SECRET": ""}, "bot.E080"),
        ({"BOT_SMS_BASE_URL": "http://sms.example.org"}, "bot.E081"),
        ({"BOT_SMS_BASE_URL": "https://sms.example.org/forward"}, "bot.E081"),
        ({"BOT_SMS_TEXT_LENGTH": 5}, "bot.E082"),
    ],
)
def test_settings_that_are_half_set_are_named_at_start(
    provider: SmsProvider, settings: Any, changes: dict[str, Any], number: str
) -> None:
    assert settings_agree(None) == []
    for name, value in changes.items():
        setattr(settings, name, value)
    assert [error.id for error in settings_agree(None)] == [number]


@pytest.mark.django_db(transaction=True)
class TestThroughTheOutbox:
    """A text message from its cause to the provider."""

    def target(self) -> str:
        return Notice.objects.values_list("target", flat=True).get()

    def test_it_is_sent_when_it_is_due(self, provider: SmsProvider) -> None:
        outbox.notice_sms(PHONE, NEWS, "ticket-7")
        outbox.notice_sms(PHONE, NEWS, "ticket-7")
        assert outbox.due_targets() == [self.target()]
        outbox.deliver(self.target())
        assert provider.texts() == [NEWS]
        assert Notice.objects.get().state == "sent"

    def test_a_worker_killed_after_the_provider_took_it_does_not_send_it_twice(
        self, provider: SmsProvider
    ) -> None:
        notice = outbox.notice_sms(PHONE, NEWS, "ticket-7")
        killed = outbox._claim(self.target())
        assert killed is not None
        sms_send(outbox._sms(killed))
        Notice.objects.filter(pk=notice.pk).update(claimed_until=clock.now() - outbox.CLAIM)
        outbox.deliver(self.target())
        assert provider.texts() == [NEWS]
        assert Notice.objects.get().state == "sent"

    def test_a_line_that_breaks_while_it_is_sent_does_not_double_it(
        self, provider: SmsProvider
    ) -> None:
        outbox.notice_sms(PHONE, NEWS, "ticket-7")
        provider.hangs_up = 1
        assert outbox.deliver(self.target()) is not None
        Notice.objects.update(next_try_at=clock.now())
        outbox.deliver(self.target())
        assert provider.texts() == [NEWS]
        assert Notice.objects.get().state == "sent"

    def test_a_limit_makes_it_wait_and_the_next_one_behind_it(self, provider: SmsProvider) -> None:
        for number in (1, 2):
            outbox.notice_sms(PHONE, f"第{number}条", f"ticket-{number}")
        outbox.notice_sms("13851612346", "别人的", "ticket-3")
        provider.failures = [("isv.BUSINESS_LIMIT_CONTROL", "触发分钟级流控Permits:1")]
        for target in outbox.due_targets():
            outbox.deliver(target)
        assert provider.texts() in (["别人的"], ["第1条", "第2条"])
        waiting = Notice.objects.filter(state="waiting").order_by("id").first()
        assert waiting is not None
        assert waiting.last_error == "too many messages to this number"

    def test_neither_the_table_nor_the_log_names_the_number(
        self, provider: SmsProvider, caplog: pytest.LogCaptureFixture
    ) -> None:
        provider.failures = [("isv.SMS_CONTENT_ILLEGAL", PHONE), 500]
        with caplog.at_level(logging.INFO):
            for number in (1, 2):
                values = {"number": "261123 0047", "phone": PHONE}
                outbox.notice_sms(PHONE, NEWS, f"ticket-{number}", "SMS_100000002", values)
            for target in outbox.due_targets():
                outbox.deliver(target)
        assert PHONE not in caplog.text
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM handovers_notice")
            rows = cursor.fetchall()
        assert len(rows) == 2
        assert PHONE not in str(rows)
        assert "261123 0047" not in str(rows)
