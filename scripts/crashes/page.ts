// The account of crashes as tables.
import { MOMENTS } from "../../test/crashes/moments.js";
import type { Account, CrashFigures } from "../../test/crashes/account.js";
import { tableOf } from "../docs-page.js";

export function describeAccounts(accounts: readonly Account[], command: string): string {
  const killed = accounts.filter(({ signal }) => signal === "SIGKILL");
  const stopped = accounts.filter(({ signal, grace }) => signal === "SIGTERM" && grace === "enough");
  const hurried = accounts.filter(({ grace }) => grace === "too little");
  return [
    `\`${command}\`, Node ${process.version}.`,
    tableOf(
      ["", "client", "processes ended", "messages", "lost", "duplicates", "minutes"],
      [
        ...killed.map((account) => summarize("SIGKILL", account)),
        ...stopped.map((account) => summarize("SIGTERM", account)),
        ...hurried.map((account) => summarize("SIGTERM, too little time", account)),
      ],
    ),
    "**SIGKILL**, by the moment of the kill:",
    tableOf(
      ["moment", "kills", "in hand at the kill", "of these begun", "duplicates", "the most of one kill"],
      MOMENTS.map((moment) =>
        describeKills(
          moment,
          figuresOf(killed).filter((crash) => crash.moment === moment),
        ),
      ),
    ),
    "**SIGTERM**, by the moment of the signal:",
    tableOf(
      ["moment", "stops", "signalled twice", "in hand at the signal", "given back", "duplicates", "the longest stop"],
      MOMENTS.map((moment) =>
        describeStops(
          moment,
          figuresOf(stopped).filter((crash) => crash.moment === moment),
        ),
      ),
    ),
    describeReturns(stopped),
    describeHurry(hurried),
  ].join("\n\n");
}

function summarize(name: string, account: Account): string[] {
  const { clients, crashes, messages, deleted, handled, duplicates, tookMs } = account;
  const lost = messages - Math.min(deleted, handled);
  return [
    name,
    clients.join(", "),
    ...numbers(crashes.length, messages, lost, duplicates),
    (tookMs / 60_000).toFixed(1),
  ];
}

function describeKills(moment: string, crashes: readonly CrashFigures[]): string[] {
  const worst = crashes.toSorted((a, b) => b.duplicates - a.duplicates)[0];
  return [
    `\`${moment}\``,
    ...numbers(
      crashes.length,
      sum(crashes, ({ inHand }) => inHand),
      sum(crashes, ({ begun }) => begun),
      sum(crashes, ({ duplicates }) => duplicates),
    ),
    worst === undefined ? "" : `${worst.duplicates} of ${worst.inHand} in hand`,
  ];
}

function describeStops(moment: string, crashes: readonly CrashFigures[]): string[] {
  const longestMs = Math.max(0, ...crashes.map(({ tookMs }) => tookMs));
  return [
    `\`${moment}\``,
    ...numbers(
      crashes.length,
      crashes.filter(({ blow }) => blow === "SIGTERM twice").length,
      sum(crashes, ({ inHand }) => inHand),
      sum(crashes, ({ returned }) => returned),
      sum(crashes, ({ duplicates }) => duplicates),
    ),
    `${(longestMs / 1_000).toFixed(1)} s`,
  ];
}

/** When the next process takes them is a matter of what is before them in the queue. */
function describeReturns(accounts: readonly Account[]): string {
  const crashes = figuresOf(accounts);
  const returned = sum(crashes, (crash) => crash.returned);
  const stranded = sum(crashes, (crash) => crash.stranded);
  return (
    `${format(returned)} messages were given back, each to be had from that moment on. ${format(stranded)} were given to a long poll ` +
    "as it was aborted, and could be had when their visibility timeout had ended ([long polls](stopping.md#long-polls))."
  );
}

function describeHurry(accounts: readonly Account[]): string {
  const crashes = figuresOf(accounts);
  const aborted = sum(crashes, ({ handlersAborted }) => handlersAborted);
  const duplicates = sum(crashes, (crash) => crash.duplicates);
  return (
    `With too little time, ${format(aborted)} handlers were told to end (\`handlersAborted\`), ` +
    `and ${format(duplicates)} of their messages were handled again.`
  );
}

function figuresOf(accounts: readonly Account[]): CrashFigures[] {
  return accounts.flatMap(({ crashes }) => crashes);
}

function sum(crashes: readonly CrashFigures[], figure: (crash: CrashFigures) => number): number {
  return crashes.reduce((total, crash) => total + figure(crash), 0);
}

function numbers(...figures: readonly number[]): string[] {
  return figures.map(format);
}

function format(figure: number): string {
  return figure.toLocaleString("en-US");
}
