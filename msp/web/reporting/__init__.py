"""Code that the report pages of console and portal share.

- `report_params`: a report's question as an address
- `tables`: figures as rows
- `drilldown`: the targets behind a figure
- `files`: CSV files
"""
