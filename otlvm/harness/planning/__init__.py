"""From runs to jobs, all that decides results checked; what is left to do."""
