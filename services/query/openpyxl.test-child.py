"""Reads and writes workbooks with openpyxl, which shares no code with the platform's reader and writer."""

import json
import sys

sys.path.insert(0, sys.argv[1])

import openpyxl  # noqa: E402


def read(path):
    book = openpyxl.load_workbook(path)
    rules = book.worksheets[0].data_validations.dataValidation
    return {
        "sheets": {sheet.title: [list(row) for row in sheet.values] for sheet in book.worksheets},
        "validations": [
            {
                "type": rule.type,
                "operator": rule.operator,
                "formula": rule.formula1,
                "cells": str(rule.sqref),
                "prompt": rule.prompt,
            }
            for rule in rules
        ],
    }


def fill(source, target, cells):
    book = openpyxl.load_workbook(source)
    for place, value in cells.items():
        book.worksheets[0][place] = value
    book.save(target)


if sys.argv[2] == "read":
    print(json.dumps(read(sys.argv[3])))
else:
    fill(sys.argv[3], sys.argv[4], json.loads(sys.argv[5]))
