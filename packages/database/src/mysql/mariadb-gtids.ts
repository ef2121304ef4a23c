/** `domain-server-sequence`, several parted by commas: the last transaction of each domain, or of each server in it. */
function parsed(gtids: string): { domain: string; server: string; sequence: bigint }[] {
  return gtids.split(',').flatMap((text) => {
    const [, domain, server, sequence] = /^\s*(\d+)-(\d+)-(\d+)\s*$/.exec(text) ?? [];
    return sequence === undefined ? [] : [{ domain: domain!, server: server!, sequence: BigInt(sequence) }];
  });
}

/**
 * Why a server with this `gtid_binlog_state` cannot have a position of MariaDB in its binlog, in a sentence. Domains, servers and
 * numbers are all that such a position names: another server with the same ones, and higher numbers, is told by `whyAnotherLog`.
 */
export function strangeTo(state: string, position: string): string | undefined {
  const known = parsed(state);
  for (const { domain, server, sequence } of parsed(position)) {
    const at = `${domain}-${server}-${sequence}`;
    const ofDomain = known.filter((each) => each.domain === domain);
    if (ofDomain.length === 0)
      return `it is at the transaction ${at}, and the binlog of this server has none of the domain ${domain} (gtid_domain_id): it is of another lineage.`;
    const same = ofDomain.find((each) => each.server === server);
    if (!same)
      return `it is at the transaction ${at}, and the binlog of this server has none that the server ${server} has written: it is of another lineage.`;
    if (same.sequence < sequence)
      return `it is at the transaction ${at}, and the binlog of this server ends at ${domain}-${server}-${same.sequence}: it was restored to an earlier time, or is of another lineage.`;
  }
  return undefined;
}
