import { setTimeout as delay } from "node:timers/promises";
import { until } from "../../tools/until.ts";
import { type ChaosSystem, type Disk, LINKS, type Link, PARTS, type Part } from "./chaos-system.ts";
import type { ShedCount } from "./shed-count.ts";
import type { Weather } from "./tcp-proxy.ts";

/** Something that goes wrong, and is made good again. */
export interface Fault {
  /** What is done: `SIGKILL`, `clock jumps`, … */
  readonly what: string;
  /** To whom. */
  readonly whom: string;
  /** Of whom nothing else may go wrong meanwhile. */
  readonly needs: readonly (Part | Link)[];
  /** Does it, waits, and makes it good. `figure` is from 0 to 1: how long, how much. */
  strike(system: ChaosSystem, figure: number, shed: ShedCount): Promise<void>;
}

/** Well beyond what the outbox leaves free of its disk. */
const ROOM_BYTES = 40 * 1024 * 1024;
/** Longer than almost any call that is made here. */
const UNNOTED_MS = 4_000;
const SHORTEST_MS = 200;
const LONGEST_MS = 2_500;
const lasting = (figure: number) => delay(SHORTEST_MS + figure * (LONGEST_MS - SHORTEST_MS));

/** All that can go wrong in a system. Where disks could not be mounted none is filled. */
export function faultsOf({ disks, links, database }: ChaosSystem): readonly Fault[] {
  return [
    ...PARTS.flatMap((part) => [killed(part), stopped(part), slowed(part), clockJumps(part)]),
    restarted("trace-writer"),
    restarted("gateway"),
    bothKilled(),
    ...LINKS.filter((link) => links[link] !== undefined).flatMap((link) => [
      cut(link),
      badWeather(link, "delayed", (figure) => ({ kind: "delayed", ms: 20 + figure * 200 })),
      badWeather(link, "silent", () => ({ kind: "silent" })),
      badWeather(link, "halved", () => ({ kind: "halving" })),
    ]),
    ...(database === undefined ? [] : [databaseCrashes()]),
    ...(disks.store === undefined || database !== undefined ? [] : [storeFull()]),
    ...(disks.outbox === undefined ? [] : [outboxDiskFull()]),
  ];
}

function killed(part: Part): Fault {
  return {
    what: "killed (SIGKILL), started again",
    whom: part,
    needs: [part],
    async strike({ parts }, figure, shed) {
      await kill(parts, part, shed);
      await lasting(figure);
      await parts[part].start();
    },
  };
}

function bothKilled(): Fault {
  return {
    what: "killed (SIGKILL), started again",
    whom: "gateway and trace-writer at once",
    needs: ["gateway", "trace-writer"],
    async strike({ parts }, figure, shed) {
      await Promise.all([kill(parts, "gateway", shed), kill(parts, "trace-writer", shed)]);
      await lasting(figure);
      await Promise.all([parts.gateway.start(), parts["trace-writer"].start()]);
    },
  };
}

/** What a gateway has counted dies with it, so it is read before. */
async function kill(parts: ChaosSystem["parts"], part: Part, shed: ShedCount): Promise<void> {
  if (part === "gateway") await shed.readBeforeEnd();
  await parts[part].kill();
}

function restarted(part: Part): Fault {
  return {
    what: "restarted (SIGTERM)",
    whom: part,
    needs: [part],
    async strike({ parts }, _figure, shed) {
      if (part === "gateway") await shed.readBeforeEnd();
      await parts[part].stop();
      await parts[part].start();
    },
  };
}

function stopped(part: Part): Fault {
  return {
    what: "stopped (SIGSTOP), continued",
    whom: part,
    needs: [part],
    async strike({ parts }, figure) {
      parts[part].signal("SIGSTOP");
      await lasting(figure);
      parts[part].signal("SIGCONT");
    },
  };
}

/** It runs for a moment, stands for a longer one, and so on. */
function slowed(part: Part): Fault {
  return {
    what: "slowed to a quarter",
    whom: part,
    needs: [part],
    async strike({ parts }, figure) {
      for (let turn = 0; turn < 5 + figure * 20; turn += 1) {
        parts[part].signal("SIGSTOP");
        await delay(60);
        parts[part].signal("SIGCONT");
        await delay(20);
      }
    },
  };
}

/** Forwards or back, by up to 40 minutes, and home again. */
function clockJumps(part: Part): Fault {
  return {
    what: "clock jumps, and back",
    whom: part,
    needs: [part],
    async strike(system, figure) {
      system.setClock(part, Math.round((figure - 0.5) * 80 * 60_000));
      await lasting(figure);
      system.setClock(part, 0);
    },
  };
}

function cut(link: Link): Fault {
  return {
    what: "connections reset",
    whom: link,
    needs: [link],
    async strike({ links }, figure) {
      for (let turn = 0; turn < 1 + figure * 5; turn += 1) {
        links[link]?.reset();
        await delay(SHORTEST_MS);
      }
    },
  };
}

function badWeather(link: Link, what: string, weatherOf: (figure: number) => Weather): Fault {
  return {
    what: `bytes ${what}`,
    whom: link,
    needs: [link],
    async strike({ links }, figure) {
      links[link]?.setWeather(weatherOf(figure));
      await lasting(figure);
      links[link]?.setWeather({ kind: "fair" });
    },
  };
}

function databaseCrashes(): Fault {
  return {
    what: "crashes (SIGQUIT), comes again",
    whom: "PostgreSQL",
    needs: ["trace-writer → PostgreSQL"],
    async strike({ database }) {
      await database?.crash();
    },
  };
}

function storeFull(): Fault {
  return {
    what: "disk full",
    whom: "trace-writer",
    needs: ["trace-writer"],
    strike: ({ disks }, figure) => fullFor(disks, "store", figure),
  };
}

/**
 * The one fault that may cost records. Meanwhile nothing may happen to the gateway, which counts them, or come between
 * it and its callers, who are told which they are.
 */
function outboxDiskFull(): Fault {
  return {
    what: "disk full",
    whom: "gateway",
    needs: ["gateway", "ingress", "caller → ingress", "ingress → gateway"],
    async strike({ disks }, figure) {
      await fullFor(disks, "outbox", figure);
      await until("the outbox's disk has room", () => (disks.outbox?.freeBytes() ?? 0) > ROOM_BYTES);
      // Calls that could not be noted would leave nothing if the gateway died: they end first.
      await delay(UNNOTED_MS);
    },
  };
}

async function fullFor(disks: ChaosSystem["disks"], name: Disk, figure: number): Promise<void> {
  disks[name]?.fill();
  await lasting(figure);
  disks[name]?.giveBack();
}
