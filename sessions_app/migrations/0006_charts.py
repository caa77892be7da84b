from django.db import migrations, models


class Migration(migrations.Migration):
    """What charts and metrics add up, by time and without reading whole rows."""

    dependencies = [
        ("sessions_app", "0003_control_and_deliveries"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="step",
            index=models.Index(fields=["started_at", "tool", "ok"], name="step_outcomes"),
        ),
    ]
