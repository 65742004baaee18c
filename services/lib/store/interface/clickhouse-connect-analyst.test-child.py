"""Reads the analysts' views as ClickHouse's Python client does, with a key as its password. Prints JSON."""

import json
import sys

sys.path.insert(0, sys.argv[1])
import clickhouse_connect  # noqa: E402


def error_of(task):
    try:
        task()
    except clickhouse_connect.driver.exceptions.Error as error:
        return str(error)
    return None


client = clickhouse_connect.get_client(
    host="127.0.0.1", port=int(sys.argv[2]), username="li", password=sys.argv[3], database=sys.argv[4]
)
flows = client.query("SELECT src_network, family, bytes_scaled FROM flows ORDER BY bytes_scaled")
print(
    json.dumps(
        {
            "views": [row[0] for row in client.query("SHOW TABLES").result_rows],
            "flows": [[str(cell) for cell in row] for row in flows.result_rows],
            "columns": [row[0] for row in client.query("DESCRIBE TABLE flows").result_rows],
            "traffic": client.query(
                "SELECT sum(bytes) FROM traffic WHERE family = {family:UInt8}", parameters={"family": 6}
            ).result_rows[0][0],
            "arrow": len(client.raw_query("SELECT * FROM analyst.traffic", fmt="ArrowStream")),
            "raw": error_of(lambda: client.query("SELECT src_addr FROM default.flows")),
            "system": error_of(lambda: client.query("SELECT name FROM system.tables")),
            "withheld": error_of(lambda: client.query("SELECT subscriber FROM flows")),
        }
    )
)
