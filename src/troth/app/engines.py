"""Which engines a check may use. The only list of them; `check.looks` asks each at most once, and only if a verifier names its fact."""

from __future__ import annotations

from troth.check.looks import Engine
from troth.engines import (
    code,
    containers,
    data_fields,
    dependencies,
    desk_records,
    hooks,
    ignores,
    licences,
    owners,
    secrets,
    tools,
    updates,
    workflow_audit,
    workflows,
)
from troth.engines.code import command_filters, programs
from troth.engines.code import lines as code_lines
from troth.engines.git import history, tree
from troth.engines.models import contents, digests, examples, past
from troth.engines.models import look as model_files

__all__ = ["ENGINES"]

ENGINES: tuple[Engine, ...] = (
    tree.look,
    history.look,
    history.look_changes,
    workflows.look,
    workflow_audit.look,
    tools.look,
    dependencies.look,
    dependencies.look_ages,
    licences.look,
    updates.look,
    containers.look,
    hooks.look,
    ignores.look,
    owners.look,
    secrets.look,
    model_files.look,
    contents.look,
    past.look,
    examples.look,
    digests.look,
    code.look,
    data_fields.look,
    programs.look,
    code_lines.look,
    command_filters.look,
    desk_records.look,
)
"""Each gives one fact; see `docs/tour.md` for what stands on what."""
