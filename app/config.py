"""Settings: one frozen object from the environment, every fault listed at once. Nothing else reads the environment.

In demo nothing needs setting: secrets are made once and kept under var/, so that every process and every command run
in the project's folder finds the same ones.
"""

import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

DEFAULT_PORT = 8000
ROOT = Path(__file__).resolve().parent.parent


class ConfigError(ValueError):
    """The settings cannot be used; ``faults`` has one line for each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcConfig:
    """The identity provider; an unset issuer means that nobody can sign in through one."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeConfig:
    """Keys of the reference vendor; ``webhook_secrets`` are tried in turn, so that one can be rotated."""

    secret_key: str = field(repr=False)
    publishable_key: str = ""
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    api_base: str = "https://api.stripe.com"
    automatic_tax: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings; docs/settings.md describes each under its environment name.

    Attributes:
        env: ``demo`` or ``production``. base_url: where people reach the store, without a trailing slash.
        secret_keys: newest first; the first signs and encrypts, all verify. vendors: the first sells, the others only
            settle what they began. return_to: prefixes (scheme, host, port, path) that a buyer may be sent back to.
        var: where the demo keeps its state.
    """

    env: str
    base_url: str
    port: int
    demo_port: int
    vendor_port: int
    secret_keys: tuple[str, ...] = field(repr=False)
    database_url: str = field(repr=False)
    vendors: tuple[str, ...]
    catalog: Path
    campaigns: Path
    oidc: OidcConfig
    product_url: str
    product_token: str = field(repr=False)
    trial_url: str
    return_to: tuple[str, ...]
    smtp_url: str = field(repr=False)
    mail_from: str
    stripe: StripeConfig
    vendor_secret: str = field(repr=False)
    trusted_hosts: tuple[str, ...]
    metrics_token: str = field(repr=False)
    demo_now: datetime | None
    demo_world: str
    var: Path

    @property
    def is_demo(self) -> bool:
        """Whether the demo controls, the demo product and the embedded vendor may run."""
        return self.env == "demo"

    @property
    def is_https(self) -> bool:
        """Whether cookies are Secure and bear the ``__Host-`` name."""
        return self.base_url.startswith("https://")

    @property
    def product_home(self) -> str:
        """Where the product's own pages start."""
        return self.product_url

    @property
    def vendor_url(self) -> str:
        """Where the embedded vendor's own pages are reached."""
        return f"http://127.0.0.1:{self.vendor_port}"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ, *, remember_ports: bool = True) -> "Config":
        """Read the settings; ConfigError lists every fault.

        Args:
            remember_ports: where no port is set, take those that the demo last ran on (``keep_ports``), so that every
                command finds it.
        """
        return _Reader(environ, remember_ports=remember_ports).config()

    def on_ports(self, *, demo_port: int, vendor_port: int) -> "Config":
        """Return the same settings with the demo's neighbours on other ports, and the addresses that follow."""
        was, now = f"http://127.0.0.1:{self.demo_port}", f"http://127.0.0.1:{demo_port}"

        def moved(address: str) -> str:
            return now + address.removeprefix(was) if address.startswith(was) else address

        return replace(
            self,
            demo_port=demo_port,
            vendor_port=vendor_port,
            product_url=moved(self.product_url),
            trial_url=moved(self.trial_url),
            oidc=replace(self.oidc, issuer=moved(self.oidc.issuer)),
            return_to=tuple(moved(address) for address in self.return_to),
        )

    def keep_ports(self) -> None:
        """Note the ports that the demo runs on, for other commands."""
        ports = {"PORT": self.port, "DEMO_PORT": self.demo_port, "VENDOR_PORT": self.vendor_port}
        self.var.mkdir(parents=True, exist_ok=True)
        (self.var / "ports.json").write_text(json.dumps(ports))


def stripe_key_faults(settings: StripeConfig, *, is_demo: bool) -> list[str]:
    """Return what is wrong with the keys by their looks alone; a key is never told."""
    key, found = settings.secret_key, []
    if not key:
        found.append("STRIPE_SECRET_KEY is not set; give the account's secret key (sk_…) or a restricted one (rk_…).")
    elif key.startswith("pk_"):
        found.append("STRIPE_SECRET_KEY holds the publishable key (pk_…); give the secret one (sk_… or rk_…).")
    elif not key.startswith(("sk_", "rk_")):
        found.append("STRIPE_SECRET_KEY is no secret key: those begin with sk_ or rk_.")
    elif is_demo and "_live_" in key:
        found.append(
            "STRIPE_SECRET_KEY is a live key, and the demo must move no money; give a test key, or set "
            "KASSA_ENV=production."
        )
    if settings.publishable_key and not settings.publishable_key.startswith("pk_"):
        found.append("STRIPE_PUBLISHABLE_KEY is no publishable key: those begin with pk_, and others are secret.")
    if any(not secret.startswith("whsec_") for secret in settings.webhook_secrets):
        found.append("STRIPE_WEBHOOK_SECRETS: each begins with whsec_, as the webhook endpoint's page shows it.")
    return found


class _Reader:
    def __init__(self, environ: Mapping[str, str], *, remember_ports: bool) -> None:
        self.environ = environ
        self.faults: list[str] = []
        self.env = self.choice("KASSA_ENV", "demo", ("demo", "production"))
        self.var = Path(self.text("KASSA_VAR", str(Path.cwd() / "var")))
        self.ports = _kept_ports(self.var) if remember_ports and self.env == "demo" else {}

    def config(self) -> Config:
        port = self.number("PORT", self.ports.get("PORT", DEFAULT_PORT))
        demo_port = self.number("DEMO_PORT", self.ports.get("DEMO_PORT", port + 1))
        vendor_port = self.number("VENDOR_PORT", self.ports.get("VENDOR_PORT", demo_port + 1))
        base_url = self.url("KASSA_BASE_URL", f"http://localhost:{port}")
        product_url = self.url("KASSA_PRODUCT_URL", f"http://127.0.0.1:{demo_port}" if self.env == "demo" else "")
        config = Config(
            env=self.env,
            base_url=base_url,
            port=port,
            demo_port=demo_port,
            vendor_port=vendor_port,
            secret_keys=self.secret_list("KASSA_SECRET_KEYS"),
            database_url=self.text("KASSA_DATABASE_URL", f"sqlite:///{self.var}/kassa.db"),
            vendors=self.vendors(),
            catalog=self.path("KASSA_CATALOG", ROOT / "data" / "catalog.toml"),
            campaigns=self.path("KASSA_CAMPAIGNS", ROOT / "data" / "campaigns.toml"),
            oidc=self.oidc(product_url),
            product_url=product_url,
            product_token=self.secret("KASSA_PRODUCT_TOKEN"),
            trial_url=self.url("KASSA_TRIAL_URL", f"{product_url}/trials/new" if self.env == "demo" else ""),
            return_to=self.prefixes("KASSA_RETURN_TO", product_url if self.env == "demo" else ""),
            smtp_url=self.text("KASSA_SMTP_URL", ""),
            mail_from=self.text("KASSA_MAIL_FROM", f"Kassa <store@{urlsplit(base_url).hostname or 'localhost'}>"),
            stripe=self.stripe(),
            vendor_secret=self.secret("KASSA_EMBEDDED_SECRET") if self.env == "demo" else "",
            trusted_hosts=self.hosts(base_url),
            metrics_token=self.text("KASSA_METRICS_TOKEN", ""),
            demo_now=self.instant("KASSA_DEMO_NOW"),
            demo_world=self.url("KASSA_DEMO_WORLD", ""),
            var=self.var,
        )
        self.refuse_in_production(config)
        if self.faults:
            raise ConfigError(self.faults)
        return config

    def text(self, name: str, default: str) -> str:
        return self.environ.get(name, "").strip() or default

    def listed(self, name: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.environ.get(name, "").split(",") if part.strip())

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value not in allowed:
            self.faults.append(f"{name} is {value!r}; it must be one of {', '.join(allowed)}.")
            return default
        return value

    def number(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        if not re.fullmatch(r"[0-9]{1,5}", value) or not 1 <= int(value) <= 65535:
            self.faults.append(f"{name} is {value!r}; it must be a port between 1 and 65535.")
            return default
        return int(value)

    def url(self, name: str, default: str) -> str:
        value = self.text(name, default).rstrip("/")
        if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
            self.faults.append(f"{name} is {value!r}; it must be an address such as https://store.example.com.")
        return value

    def path(self, name: str, default: Path) -> Path:
        value = Path(self.text(name, str(default)))
        if not value.is_file():
            self.faults.append(f"{name} names {value}, and there is no such file.")
        return value

    def prefixes(self, name: str, default: str) -> tuple[str, ...]:
        values = self.listed(name) or ((default,) if default else ())
        for value in values:
            if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname:
                self.faults.append(
                    f"{name} holds {value!r}; each must be an address such as https://app.example.com/x."
                )
        return values

    def hosts(self, base_url: str) -> tuple[str, ...]:
        own = urlsplit(base_url).hostname or "localhost"
        given = self.listed("KASSA_TRUSTED_HOSTS")
        return given or ((own, "localhost", "127.0.0.1") if self.env == "demo" else (own,))

    def instant(self, name: str) -> datetime | None:
        value = self.text(name, "")
        if not value:
            return None
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            self.faults.append(f"{name} is {value!r}; it must be an instant such as 2026-11-23T12:00:00Z.")
            return None
        if at.tzinfo is None:
            self.faults.append(f"{name} is {value!r}; it needs a time zone, such as 2026-11-23T12:00:00Z.")
        return at

    def vendors(self) -> tuple[str, ...]:
        return self.listed("KASSA_VENDOR") or ("embedded",)

    def oidc(self, product_url: str) -> OidcConfig:
        demo = self.env == "demo"
        return OidcConfig(
            issuer=self.url("KASSA_OIDC_ISSUER", product_url if demo else ""),
            client_id=self.text("KASSA_OIDC_CLIENT_ID", "kassa" if demo else ""),
            client_secret=self.secret("KASSA_OIDC_CLIENT_SECRET"),
        )

    def stripe(self) -> StripeConfig:
        settings = StripeConfig(
            secret_key=self.text("STRIPE_SECRET_KEY", ""),
            publishable_key=self.text("STRIPE_PUBLISHABLE_KEY", ""),
            webhook_secrets=self.listed("STRIPE_WEBHOOK_SECRETS"),
            api_base=self.url("STRIPE_API_BASE", "https://api.stripe.com"),
            automatic_tax=self.choice("STRIPE_AUTOMATIC_TAX", "on", ("on", "off")) == "on",
        )
        if "stripe" in self.vendors():
            self.faults += stripe_key_faults(settings, is_demo=self.env == "demo")
        return settings

    def secret(self, name: str) -> str:
        """Return a secret; in demo an unset one is made once and kept, elsewhere what it guards stays off."""
        value = self.environ.get(name, "").strip()
        return value or (_kept_secret(self.var, name) if self.env == "demo" else "")

    def secret_list(self, name: str) -> tuple[str, ...]:
        values = self.listed(name)
        if any(len(value) < 32 for value in values):
            self.faults.append(f"{name}: each key needs at least 32 characters.")
        return values or ((_kept_secret(self.var, name),) if self.env == "demo" else ())

    def refuse_in_production(self, config: Config) -> None:
        if config.is_demo:
            return
        if not config.secret_keys:
            self.faults.append("KASSA_SECRET_KEYS is not set; give one random key of 32 characters or more.")
        if "KASSA_BASE_URL" not in self.environ:
            self.faults.append("KASSA_BASE_URL is not set; give the address that people reach the store at.")
        if "embedded" in config.vendors:
            self.faults.append("KASSA_VENDOR is embedded, which moves no money; choose a real vendor in production.")
        if config.database_url.startswith("sqlite") and "KASSA_DATABASE_URL" not in self.environ:
            self.faults.append("KASSA_DATABASE_URL is not set; give a PostgreSQL or SQLite address.")
        if config.demo_now is not None:
            self.faults.append("KASSA_DEMO_NOW moves the clock, which only the demo may do.")
        if config.demo_world:
            self.faults.append("KASSA_DEMO_WORLD names a vendor's counterpart, which only the demo may have.")


def _kept_ports(var: Path) -> dict[str, int]:
    path = var / "ports.json"
    kept: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
    return kept


def _kept_secret(var: Path, name: str) -> str:
    path = var / "secrets.json"
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    if name not in kept:
        kept[name] = secrets.token_urlsafe(48)
        var.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(f".{os.getpid()}")
        scratch.touch(mode=0o600)
        scratch.write_text(json.dumps(kept, indent=1))
        scratch.replace(path)
    return kept[name]
