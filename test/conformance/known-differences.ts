// Where a server is known to differ from AWS. AWS's documentation is on the other side in every case.

/** By server, then by the name of the behaviour: what that server does instead. */
export const knownDifferences: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  millrace: {},
  elasticmq: {},
};
