"""Reports as one page of HTML that stands alone: no script, nothing fetched, a table beside each plot."""
