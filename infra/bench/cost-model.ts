import { Fault } from "@v6meter/schemas";

/** What one unit costs, measured. Sizes that a cost was measured at are part of it, smallest first. */
export interface UnitCosts {
  /** CPU-seconds a million records, from UDP to Kafka, acknowledged. */
  readonly collectorCpuS: number;
  /** Bytes of a record on the bus. */
  readonly busBytes: number;
  /** Bytes of the decoder for each exporter. */
  readonly exporterBytes: number;
  /** CPU-nanoseconds of classifying a row, by sessions in the table. */
  readonly classifyNs: readonly Measured[];
  /** Bytes of the table of sessions for each of them. */
  readonly sessionBytes: number;
  /** CPU-nanoseconds of a session event. */
  readonly eventNs: number;
  /** CPU-seconds a million rows of insert, roll-ups and merges, by rows an insert. */
  readonly insertCpuS: readonly Measured[];
  /** Bytes of a raw row on the disk. */
  readonly rowBytes: number;
  /** Bytes of the states of a month on the disk. */
  readonly stateBytes: number;
}

export interface Measured {
  readonly size: number;
  readonly cost: number;
}

export interface Demand {
  /** In the busiest hour. */
  readonly recordsPerS: number;
  readonly subscribers: number;
  /** Months that roll-ups are kept. */
  readonly months: number;
  /** Days that raw rows are kept. */
  readonly rawDays: number;
  readonly exporters: number;
}

/** What is not measured here: machines, habits of subscribers, and prudence. */
export const ASSUMED = {
  machine_cores: 64,
  machine_memory_bytes: 512e9,
  machine_network_bytes_per_s: 25e9 / 8,
  machine_disk_bytes: 8 * 7.68e12,
  /** Merges need room, and a disk that is full stops all. */
  disk_fill_ratio: 0.7,
  /** Cores for each that is used in the busiest hour: queries, catching up, a machine that is down. */
  headroom_ratio: 2,
  /** Mean rate over the rate of the busiest hour. */
  mean_ratio: 0.5,
  /** 19 records of 72 bytes in a datagram, with the headers of v9, UDP, IPv4 and Ethernet (preamble and gap too). */
  wire_bytes_per_record: (20 + 4 + 19 * 72 + 28 + 38) / 19,
  kafka_replicas: 3,
  kafka_days: 1,
  kafka_cpu_s_per_megabyte: 0.01,
  partition_bytes_per_s: 10e6,
  /** Reading a record from Kafka (design, section 5). */
  bus_read_cpu_ns: 390,
  /** A row as Arrow, from classifier to engine. */
  insert_wire_bytes_per_row: 200,
  store_replicas: 2,
  sessions_per_subscriber: 1.2,
  session_events_per_subscriber_day: 12,
  process_memory_bytes: 0.5e9,
  rollup_rows_per_exporter_hour: 12,
  rollup_bytes_per_row: 20,
  /** Rows of five minutes beside each row of an hour, and that one. */
  rollup_tables_ratio: 13,
  /** Cells of states in a question by city, operator, access network and family, and bytes of one in memory. */
  state_cells: 336,
  state_memory_bytes: 98_304 + 2 * 12_288,
} as const;

/** Numbers of sessions have 26 bits (services/lib/sessions/tag-index.ts). */
export const SESSIONS_A_TABLE = 2 ** 26;
/** Rows of a cut of a classifier that costs little in the engine. */
export const ROWS_AN_INSERT = 262_144;

export type Resource = "cores" | "memory" | "network" | "disk";

/** What a role needs together, and the machines of that. */
export interface Role {
  readonly role: "collectors" | "Kafka" | "classifiers" | "ClickHouse";
  /** With headroom. */
  readonly cores: number;
  readonly memoryBytes: number;
  readonly networkInBytesPerS: number;
  readonly networkOutBytesPerS: number;
  readonly diskBytes: number;
  readonly machines: number;
  readonly boundBy: Resource;
}

export interface Plan {
  readonly demand: Demand;
  readonly roles: readonly Role[];
  /** Tables of sessions that share the subscribers; each classifier holds one of them. */
  readonly sessionShards: number;
  readonly classifierProcesses: number;
  readonly partitions: number;
  readonly engineShards: number;
  readonly insertsPerS: number;
  /** Rows that one shard gets of an insert through a Distributed table. */
  readonly distributedRows: number;
  /** CPU-seconds a million rows at so few rows; of the smallest that was measured where they are fewer. */
  readonly distributedInsertCpuS: number;
  readonly sessionEventsPerS: number;
  readonly sessionTableBytes: number;
  readonly stateBytesOnDisk: number;
  /** Bytes that the shards send for one question of a month. */
  readonly stateBytesPerQuestion: number;
}

/** The cost at the least measured size that is no smaller; at the largest where all are. */
function upTo(measured: readonly Measured[], size: number): number {
  const found = measured.find((it) => it.size >= size) ?? measured.at(-1);
  if (!found) throw new Fault("INTERNAL", "The plan has no measurement to go by.");
  return found.cost;
}

/** The cost at the largest measured size that is no larger; at the smallest where none is. */
function downTo(measured: readonly Measured[], size: number): number {
  return (measured.findLast((it) => it.size <= size) ?? measured[0] ?? { cost: Number.NaN }).cost;
}

type Needs = Omit<Role, "role" | "machines" | "boundBy">;

function role(name: Role["role"], needs: Needs, least = 1): Role {
  const machines: Record<Resource, number> = {
    cores: needs.cores / ASSUMED.machine_cores,
    memory: needs.memoryBytes / ASSUMED.machine_memory_bytes,
    network:
      Math.max(needs.networkInBytesPerS, needs.networkOutBytesPerS) /
      (ASSUMED.machine_network_bytes_per_s / ASSUMED.headroom_ratio),
    disk: needs.diskBytes / (ASSUMED.machine_disk_bytes * ASSUMED.disk_fill_ratio),
  };
  const [boundBy, most] = (Object.entries(machines) as [Resource, number][]).reduce((a, b) => (b[1] > a[1] ? b : a));
  return { role: name, ...needs, machines: Math.max(least, Math.ceil(most)), boundBy };
}

/** Machines by role for a demand, from measured unit costs and what is assumed. Pure. */
export function planOf(demand: Demand, costs: UnitCosts): Plan {
  const { recordsPerS, subscribers, months, rawDays, exporters } = demand;
  const millionsPerS = recordsPerS / 1e6;
  const meanPerS = recordsPerS * ASSUMED.mean_ratio;
  const busPerS = recordsPerS * costs.busBytes;
  const headroom = ASSUMED.headroom_ratio;

  const collectorCores = millionsPerS * costs.collectorCpuS * headroom;
  const collectors = role(
    "collectors",
    {
      cores: collectorCores,
      memoryBytes: exporters * costs.exporterBytes + Math.ceil(collectorCores) * ASSUMED.process_memory_bytes,
      networkInBytesPerS: recordsPerS * ASSUMED.wire_bytes_per_record,
      networkOutBytesPerS: busPerS,
      // The spool, for ten minutes.
      diskBytes: busPerS * 600,
    },
    2,
  );

  const kafkaIn = busPerS * ASSUMED.kafka_replicas;
  const kafka = role(
    "Kafka",
    {
      cores: ((2 * kafkaIn) / 1e6) * ASSUMED.kafka_cpu_s_per_megabyte * headroom,
      memoryBytes: 0,
      networkInBytesPerS: kafkaIn,
      networkOutBytesPerS: kafkaIn,
      diskBytes: meanPerS * costs.busBytes * 86_400 * ASSUMED.kafka_days * ASSUMED.kafka_replicas,
    },
    3,
  );

  const sessions = subscribers * ASSUMED.sessions_per_subscriber;
  const sessionShards = Math.max(1, Math.ceil(sessions / SESSIONS_A_TABLE));
  const sessionsATable = sessions / sessionShards;
  const sessionEventsPerS = (subscribers * ASSUMED.session_events_per_subscriber_day) / 86_400 / ASSUMED.mean_ratio;
  const rowNs = upTo(costs.classifyNs, sessionsATable) + ASSUMED.bus_read_cpu_ns;
  // Each process applies all events of its shard besides.
  const eventsCore = ((sessionEventsPerS / sessionShards) * costs.eventNs) / 1e9;
  const usable = Math.max(0.1, 1 / headroom - eventsCore);
  const classifierProcesses = Math.max(sessionShards, Math.ceil((recordsPerS * rowNs) / 1e9 / usable));
  const sessionTableBytes = sessionsATable * costs.sessionBytes;
  const classifiers = role(
    "classifiers",
    {
      cores: classifierProcesses,
      memoryBytes: classifierProcesses * (sessionTableBytes + ASSUMED.process_memory_bytes),
      networkInBytesPerS: busPerS,
      networkOutBytesPerS: recordsPerS * ASSUMED.insert_wire_bytes_per_row,
      diskBytes: 0,
    },
    2,
  );

  const rollupBytes =
    months *
    730 *
    exporters *
    ASSUMED.rollup_rows_per_exporter_hour *
    ASSUMED.rollup_tables_ratio *
    ASSUMED.rollup_bytes_per_row;
  const engineNeeds = (shards: number): Needs => ({
    // A replica merges what it takes from the other, and does not compute it again: half of it is assumed.
    cores: millionsPerS * upTo(costs.insertCpuS, ROWS_AN_INSERT) * headroom * (1 + (ASSUMED.store_replicas - 1) / 2),
    memoryBytes: 0,
    networkInBytesPerS: recordsPerS * (ASSUMED.insert_wire_bytes_per_row + costs.rowBytes),
    networkOutBytesPerS: recordsPerS * costs.rowBytes,
    diskBytes:
      (meanPerS * 86_400 * rawDays * costs.rowBytes + rollupBytes + months * costs.stateBytes * shards) *
      ASSUMED.store_replicas,
  });
  const engine = role("ClickHouse", engineNeeds(1), ASSUMED.store_replicas);
  const engineShards = Math.ceil(engine.machines / ASSUMED.store_replicas);
  const clickhouse = role("ClickHouse", engineNeeds(engineShards), ASSUMED.store_replicas);

  const distributedRows = Math.floor(ROWS_AN_INSERT / engineShards);
  return {
    demand,
    roles: [collectors, kafka, classifiers, clickhouse],
    sessionShards,
    classifierProcesses,
    partitions: Math.max(classifierProcesses, Math.ceil(busPerS / ASSUMED.partition_bytes_per_s)),
    engineShards,
    insertsPerS: recordsPerS / ROWS_AN_INSERT,
    distributedRows,
    distributedInsertCpuS: downTo(costs.insertCpuS, distributedRows),
    sessionEventsPerS,
    sessionTableBytes,
    stateBytesOnDisk: months * costs.stateBytes * engineShards,
    stateBytesPerQuestion: engineShards * ASSUMED.state_cells * ASSUMED.state_memory_bytes,
  };
}
