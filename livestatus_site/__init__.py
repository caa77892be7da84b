"""The Django site: settings, logging, the processes and how they start. It knows nothing about agents or posts."""
