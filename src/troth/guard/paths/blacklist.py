"""Paths that a program must not touch even where its root would allow it: credential stores, system files, what the user adds.

Rules: an entry is a directory or file (everything below it is covered), or a bare name that matches at any depth (`.git-credentials`); `~` is the home
directory of the user; comparison folds Unicode (NFC) always and case where asked or where the file system ignores it.
A blacklist compares *names of what was really opened* (from the descriptor), so links and spellings do not get round it. It complements a `Root`; it does not replace one.
"""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Iterable
from typing import Final

from troth.guard.paths.refusal import PathRefusedError

__all__ = ["DEFAULT_BLACKLIST", "Blacklist"]

DEFAULT_BLACKLIST: Final = (
    "/etc", "/private/etc", "/root", "/private/var/root", "/proc", "/sys", "/dev", "/boot", "/run/secrets", "/var/run/secrets",
    "/var/lib/docker", "/var/run/docker.sock", "/run/docker.sock", "/System/Volumes/Data/private/etc", "/Library/Keychains",
    "~/.ssh", "~/.gnupg", "~/.aws", "~/.azure", "~/.kube", "~/.docker", "~/.config/gcloud", "~/.config/gh", "~/.config/op", "~/.config/rclone",
    "~/.netrc", "~/_netrc", "~/.pgpass", "~/.my.cnf", "~/.pypirc", "~/.npmrc", "~/.yarnrc.yml", "~/.cargo/credentials", "~/.cargo/credentials.toml",
    "~/.gem/credentials", "~/.terraform.d", "~/.vault-token", "~/.password-store", "~/.local/share/keyrings", "~/.config/troth",
    "~/.bash_history", "~/.zsh_history", "~/.python_history", "~/.psql_history", "~/.node_repl_history", "~/.mozilla", "~/.config/google-chrome",
    "~/.config/chromium", "~/Library/Keychains", "~/Library/Application Support/Google/Chrome", "~/.huggingface/token", "~/.cache/huggingface/token",
    "~/.config/hub", "~/.config/glab-cli", "~/.config/doctl", "~/.config/containers", "~/.config/git/credentials", "~/.config/filezilla", "~/.config/age", "~/.config/sops", "~/.config/heroku", "~/.config/stripe",
    "~/.config/configstore", "~/.config/BraveSoftware", "~/.config/microsoft-edge", "~/.config/vivaldi", "~/.config/opera", "~/.thunderbird", "~/.s3cfg", "~/.boto", "~/.aws-vault", "~/.awsvault", "~/.oci", "~/.kaggle", "~/.wandb",
    "~/.databrickscfg", "~/.snowsql", "~/.snowflake", "~/.bluemix", "~/.config/linode-cli", "~/.fly", "~/.netlify", "~/.vercel", "~/.cloudflared", "~/.ansible/vault", "~/.age", "~/.sops", "~/.step", "~/.minikube", "~/.helm", "~/.m2/settings.xml",
    "~/.gradle/gradle.properties", "~/.nuget/NuGet", "~/.composer/auth.json", "~/.config/composer/auth.json", "~/.bundle/config", "~/.hex/hex.config", "~/.config/pypoetry/auth.toml", "~/.yarnrc", "~/.bunfig.toml", "~/.ssb", "~/.electrum",
    "~/.bitcoin", "~/.ethereum", "~/.config/solana", "~/.mysql_history", "~/.sqlite_history", "~/.rediscli_history", "~/.mongo_history", "~/.irb_history", "~/.lesshst", "~/.viminfo", "~/.sh_history", "~/.local/share/fish/fish_history",
    "~/.local/share/kwalletd", "~/.local/share/containers", "~/.purple/accounts.xml", "~/.msmtprc", "~/.fetchmailrc", "~/.rclone.conf", "~/.smbcredentials", "~/.cifs", "/var/lib/kubelet", "/run/containerd", "/run/podman", "/run/user", "/var/lib/containerd", "/var/spool/cron",
    ".git-credentials", ".env", ".env.local", ".env.production", ".env.prod", ".env.staging", ".env.development", ".env.dev", ".env.test", ".envrc", "secrets.yaml", "secrets.yml", "secrets.toml", "secrets.json", "secrets.env", "id_rsa", "id_dsa",
    "id_ed25519", "id_ecdsa", "id_ed25519_sk", "id_ecdsa_sk", ".htpasswd", "credentials.json", "service-account.json", "service_account.json", ".vault_pass", ".vault-pass", "kubeconfig", ".dockercfg", ".pgpass", ".netrc", ".pypirc",
)  # fmt: skip
"""Credential stores and system files of Linux and macOS. Public knowledge of where tools keep them; extend it with your own."""
_UNSEEN: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_TRAILING: Final = re.compile(r"(?<=[^/. ])[. ]+(?=/|\Z)|(?<=[^/]{2}):[^/]*(?=/|\Z)")


def _fold(path: str, *, case: bool) -> str:
    composed = unicodedata.normalize("NFKC", path)
    if not case:
        return composed
    # such file systems also leave out of a name what nobody sees (HFS+), trailing dots and spaces, and a stream's name (NTFS)
    seen = unicodedata.normalize("NFKC", _UNSEEN.sub("", composed).casefold())
    return _TRAILING.sub("", seen)


class Blacklist:
    """Decides whether a real path is covered.

    Args:
        entries: directories, files or bare names; `DEFAULT_BLACKLIST` where None is given.
        home: what `~` stands for; the user's home where None is given.
        fold_case: compare without case; None = on macOS and Windows, whose file systems usually ignore it.
    """

    def __init__(
        self, entries: Iterable[str] | None = None, *, home: str | None = None, fold_case: bool | None = None
    ) -> None:
        self._case = sys.platform in ("darwin", "win32") if fold_case is None else fold_case
        base = home if home is not None else os.path.expanduser("~")
        self._trees: set[str] = set()
        self._names: set[str] = set()
        for entry in DEFAULT_BLACKLIST if entries is None else entries:
            full = os.path.join(base, entry[2:]) if entry.startswith("~/") else base if entry == "~" else entry
            if os.path.isabs(full):
                for spelling in {os.path.normpath(full), os.path.realpath(full)}:
                    self._trees.add(_fold(spelling, case=self._case))
            else:
                self._names.add(_fold(full.strip("/"), case=self._case))

    def covers(self, path: str, *, root: str | None = None) -> bool:
        """Whether an absolute path, or any directory above it, is on the list.

        Args:
            path: absolute and real.
            root: a directory that the program chose on purpose: entries at or above it do not count for what lies below it
                (a project in `/root/project` is not refused because `/root` is listed).
        """
        parts = _fold(os.path.normpath(path), case=self._case).split("/")
        base = _fold(os.path.normpath(root), case=self._case).split("/") if root is not None else []
        inside = len(base) if base and parts[: len(base)] == base else 0
        above = {"/".join(parts[:end]) or "/" for end in range(inside + 1, len(parts) + 1)}
        return not above.isdisjoint(self._trees) or not self._names.isdisjoint(parts[inside:])

    def demand(self, path: str, *, root: str | None = None) -> None:
        """Refuse a covered path; arguments as `covers`.

        Raises:
            PathRefusedError: it is covered.
        """
        if self.covers(path, root=root):
            raise PathRefusedError("blacklist", "This path is on the blacklist")
