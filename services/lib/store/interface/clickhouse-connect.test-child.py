"""Uses the interface as ClickHouse's Python client does: as a reader, then as a user of all rights. Prints JSON."""

import json
import sys
from datetime import datetime, timezone

sys.path.insert(0, sys.argv[1])
import clickhouse_connect  # noqa: E402

PORT = int(sys.argv[2])
ROWS = [
    [18446744073709551615, "它's\t", datetime(2026, 1, 1, tzinfo=timezone.utc), "2001:db8::1", [1.5, None]],
    [2, "", datetime(2026, 1, 2, tzinfo=timezone.utc), "::ffff:192.0.2.1", []],
]


def client(username, password):
    return clickhouse_connect.get_client(host="127.0.0.1", port=PORT, username=username, password=password)


def error_of(task):
    try:
        task()
    except clickhouse_connect.driver.exceptions.Error as error:
        return str(error)
    return None


owner = client("default", "")
owner.command(
    "CREATE TABLE python (a UInt64, b String, c DateTime64(3, 'UTC'), d IPv6, e Array(Nullable(Float64)))"
    " ENGINE = MergeTree ORDER BY a"
)
owner.insert("python", ROWS, column_names=["a", "b", "c", "d", "e"])

reader = client("reader", "r p")
result = reader.query("SELECT * FROM python WHERE b != {word:String} ORDER BY a", parameters={"word": "it's \\ \t"})
print(
    json.dumps(
        {
            "version": reader.server_version,
            "timezone": str(reader.server_tz),
            "columns": list(result.column_names),
            "rows": [[str(cell) for cell in row] for row in result.result_rows],
            "described": [row[:2] for row in reader.query("DESCRIBE TABLE python").result_rows],
            "arrow": len(reader.raw_query("SELECT * FROM python", fmt="ArrowStream")),
            "many": reader.query("SELECT number FROM numbers(70000)").row_count,
            "refused": error_of(lambda: reader.command("DROP TABLE python")),
            "wrong_password": error_of(lambda: client("reader", "wrong")),
        }
    )
)
