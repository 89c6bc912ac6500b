import { TokenBucket } from './token-bucket.js';

/** Bounds the logons of each address, because each costs a signature check. */
export class LogonLimiter {
  private readonly perSecond: number;
  private readonly buckets: Map<string, TokenBucket>;

  constructor(perSecond: number) {
    this.perSecond = perSecond;
    this.buckets = new Map();
  }

  /** Counts a logon; false when the address has had too many. */
  take(remoteAddress: string, nowMs: number): boolean {
    let bucket = this.buckets.get(remoteAddress);
    if (bucket === undefined) {
      bucket = new TokenBucket(this.perSecond, this.perSecond * 2, nowMs);
      this.buckets.set(remoteAddress, bucket);
    }
    return bucket.take(nowMs);
  }

  /** Forgets the addresses that have been quiet. */
  prune(nowMs: number): void {
    for (const [address, bucket] of this.buckets) if (bucket.isFull(nowMs)) this.buckets.delete(address);
  }
}
