"""A kitchen's report as a file: a page to print, one list as CSV, all of them as a workbook."""

from __future__ import annotations

from typing import Literal

from server.kds.report.figures import By, KitchenReport
from server.kds.report.page import write_page
from server.kds.report.tables import BY, table
from server.kds.report.words import Language
from server.sheets import CSV_TYPE, HTML_TYPE, WORKBOOK_TYPE, Written, as_csv, as_workbook

FileFormat = Literal["html", "csv", "xlsx"]


def write(report: KitchenReport, form: FileFormat, by: By, language: Language) -> Written:
    """Return a report in one of the forms; `by` says which list a CSV has."""
    days = f"kitchen-{report.since}-{report.until}"
    if form == "html":
        return Written(write_page(report, language).encode(), HTML_TYPE, f"{days}.html")
    if form == "csv":
        return Written(as_csv(table(report, by, language)), CSV_TYPE, f"{days}-{by}.csv")
    sheets = [table(report, one, language) for one in BY]
    return Written(as_workbook(sheets), WORKBOOK_TYPE, f"{days}.xlsx")
