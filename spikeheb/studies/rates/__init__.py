"""Studies of rate rules and of the networks that learn by them; see `spikeheb.studies.settings.rates` for which there are."""
