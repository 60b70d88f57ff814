import { BlockList, isIPv6 } from 'node:net';
import { type PolicyBundle, WEEKDAYS, type Weekday, type WindowDefinition } from './bundle.ts';

/** Weekday and time of day in a time zone. */
export interface LocalTime {
  weekday: Weekday;
  /** Minutes since midnight. */
  minutes: number;
}

/** Translates the origin and time of a request into the names that a bundle defines. */
export interface RequestContext {
  /** Names of the networks that contain a source address. */
  networksOf(sourceIp: string): string[];
  /** The AWS region of these networks; `undefined` if they name no region or different regions. */
  regionOf(networks: readonly string[]): string | undefined;
  /** Names of the windows that are open. @param time milliseconds since the epoch */
  openWindows(time: number): string[];
  /** @param time milliseconds since the epoch */
  localTime(time: number): LocalTime;
}

/** Prepares the networks, windows and time zones of a bundle for lookups. */
export function requestContext({ networks, windows, timeZone }: PolicyBundle): RequestContext {
  const known = Object.entries(networks).map(([name, { cidrs }]) => ({
    name,
    addresses: addressesIn(cidrs),
  }));
  return {
    networksOf: (sourceIp) =>
      known
        .filter(({ addresses }) => addresses.check(sourceIp, isIPv6(sourceIp) ? 'ipv6' : 'ipv4'))
        .map(({ name }) => name),
    regionOf: (names) => {
      const regions = new Set(names.map((name) => networks[name]?.region).filter((region) => region !== undefined));
      return regions.size === 1 ? [...regions][0] : undefined;
    },
    openWindows: (time) =>
      Object.entries(windows)
        .filter(([, window]) => isOpen(window, time))
        .map(([name]) => name),
    localTime: (time) => localTime(timeZone, time),
  };
}

function addressesIn(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', prefix] = cidr.split('/');
    list.addSubnet(address, Number(prefix), isIPv6(address) ? 'ipv6' : 'ipv4');
  }
  return list;
}

/** Reports whether a window is open at a time in milliseconds since the epoch. The end of a window is exclusive. */
export function isOpen(window: WindowDefinition, time: number): boolean {
  if (window.kind === 'once') return window.from <= time && time < window.to;
  const { weekday, minutes } = localTime(window.timeZone, time);
  const { weekdays, from, to } = window;
  if (from < to) return weekdays.includes(weekday) && from <= minutes && minutes < to;
  // A window over midnight belongs to the weekday on which it starts.
  return minutes >= from ? weekdays.includes(weekday) : minutes < to && weekdays.includes(dayBefore(weekday));
}

function dayBefore(weekday: Weekday): Weekday {
  return WEEKDAYS.at(WEEKDAYS.indexOf(weekday) - 1) ?? weekday;
}

// Cached: creating a formatter costs a hundred times more than using it.
const formatters = new Map<string, Intl.DateTimeFormat>();

function localTime(timeZone: string, time: number): LocalTime {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    const options = { timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
    formatter = new Intl.DateTimeFormat('en-US', options);
    formatters.set(timeZone, formatter);
  }
  const parts = Object.fromEntries(formatter.formatToParts(time).map(({ type, value }) => [type, value]));
  return {
    weekday: String(parts.weekday).toLowerCase() as Weekday,
    minutes: Number(parts.hour) * 60 + Number(parts.minute),
  };
}
