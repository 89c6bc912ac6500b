/** Where a client is in the reports of its account: lets each pass once, in order, and notices a hole. */
export class ReportCursor {
  /** Number of the last report that was let pass; -1 = none yet, any may be the first. */
  last: number;
  private isWaitingForResend: boolean;

  constructor(last: number) {
    this.last = last;
    this.isWaitingForResend = false;
  }

  /**
   * 'next': let it pass. 'seen': it came before. 'hole': some before it are missing, ask for them; they come again
   * together with this one. 'waiting': as hole, but they have been asked for.
   */
  judge(reportSequence: number): 'next' | 'seen' | 'hole' | 'waiting' {
    if (this.last >= 0 && reportSequence <= this.last) return 'seen';
    if (this.last < 0 || reportSequence === this.last + 1) {
      this.last = reportSequence;
      return 'next';
    }
    if (this.isWaitingForResend) return 'waiting';
    this.isWaitingForResend = true;
    return 'hole';
  }

  /** What was asked for has come. */
  onResendComplete(): void {
    this.isWaitingForResend = false;
  }

  /** Goes on behind `last`: what is missing up to there is given up. */
  skipTo(last: number): void {
    this.last = last;
    this.isWaitingForResend = false;
  }
}
