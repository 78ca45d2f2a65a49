"""From a mail to a letter: the subject and text of one template, the same words as HTML."""

import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.emails import mails
from app.emails.mails import Mail
from app.emails.transports import Letter

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates" / "email"

_environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    undefined=StrictUndefined,
    autoescape=select_autoescape(["html"]),
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_FILES = {
    mails.SignInLink: "sign_in_link",
    mails.Receipt: "receipt",
    mails.ActivationCode: "activation_code",
    mails.SwitchedOn: "switched_on",
    mails.NotCharged: "not_charged",
    mails.PaidBack: "paid_back",
    mails.EmailConfirmation: "email_confirmation",
    mails.SalesRequest: "sales_request",
    mails.RenewalNotice: "renewal_notice",
    mails.RenewalFailed: "renewal_failed",
    mails.RenewalRecovered: "renewal_recovered",
    mails.AboutToEnd: "about_to_end",
    mails.SubscriptionEnded: "subscription_ended",
    mails.MoneyReturned: "money_returned",
    mails.ChargeDisputed: "charge_disputed",
    mails.ManagerInvite: "manager_invite",
    mails.UsageAlert: "usage_alert",
}


def render(mail: Mail, *, message_id: str, order_id: str) -> Letter:
    """Return ``mail`` ready to send; the first line of the text template is the subject."""
    name = _FILES[type(mail)]
    subject, _, text = _environment.get_template(f"{name}.txt").render(mail=mail).partition("\n")
    return Letter(
        message_id=message_id,
        kind=name,
        to=mail.to,
        subject=" ".join(subject.split()),
        text=text.strip() + "\n",
        html=_environment.get_template(f"{name}.html").render(mail=mail, subject=subject.strip()),
        order_id=order_id,
    )


def unpack(kind: str, body: str) -> Mail:
    """Return the mail that was packed as the class name ``kind`` and its fields in JSON."""
    fields = json.loads(body)
    if "lines" in fields:
        fields["lines"] = tuple((label, amount) for label, amount in fields["lines"])
    by_name = {each.__name__: each for each in _FILES}
    mail: Mail = by_name[kind](**fields)
    return mail
