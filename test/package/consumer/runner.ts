// A user who brings a runner of their own, and has no SDK.
import { Consumer, type Intake, type Outcome, type Runner } from "millrace";

interface Job {
  readonly name: string;
}

class ListRunner implements Runner<Job> {
  readonly outcomes: Outcome[] = [];
  readonly #jobs: Job[];

  constructor(jobs: readonly Job[]) {
    this.#jobs = [...jobs];
  }

  async run(intake: Intake<Job>): Promise<void> {
    while (!intake.signal.aborted && this.#jobs.length > 0) {
      const places = await intake.take(10);
      const jobs = this.#jobs.splice(0, places);
      intake.giveBack(places - jobs.length);
      for (const message of jobs) {
        const settle = (outcome: Outcome): void => void this.outcomes.push(outcome);
        intake.deliver({ message, attempt: 1, receivedAt: new Date(), settle });
      }
    }
  }
}

const names: string[] = [];
const runner = new ListRunner([{ name: "first" }]);
const consumer = new Consumer((job: Job) => names.push(job.name), { runner, concurrency: 10 });
await consumer.start();
await consumer.stop();
