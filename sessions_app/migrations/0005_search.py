"""Indexes for the page of a run and for the search. Full text is PostgreSQL's: SQLite looks through the newest rows."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import migrations, models
from django.db.models import F, Func, Q, TextField, Value

# As in sessions_app/models/search.py at the time of this migration: an index serves a search for the very same.
SEPARATORS = "/._:=@#-\\,;()[]{}<>'\"|&?!+*~^$%`"
FULL_TEXT = (
    ("Run", ("title", "label", "prompt", "reason"), "run_full_text"),
    ("Step", ("tool", "target", "error"), "step_full_text"),
    ("Session", ("key", "agent", "label", "channel_name"), "session_full_text"),
)


def vector(fields):
    blanks = Value(" " * len(SEPARATORS))
    spaced = (
        Func(F(name), Value(SEPARATORS), blanks, function="TRANSLATE", output_field=TextField()) for name in fields
    )
    return SearchVector(*spaced, config="simple")


def make(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for model, fields, name in FULL_TEXT:
            schema_editor.add_index(apps.get_model("sessions_app", model), GinIndex(vector(fields), name=name))


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for model, fields, name in FULL_TEXT:
            schema_editor.remove_index(apps.get_model("sessions_app", model), GinIndex(vector(fields), name=name))


class Migration(migrations.Migration):
    dependencies = [
        ("sessions_app", "0004_roles_and_audit"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="step",
            index=models.Index(fields=["run", "started_at"], name="step_of_run_by_time"),
        ),
        migrations.AddIndex(
            model_name="step",
            index=models.Index(condition=Q(ok=False), fields=["run", "started_at"], name="step_failed"),
        ),
        migrations.RunPython(make, drop, elidable=False),
    ]
