// BullMQ doing nothing, as fast as it can: node peer_bullmq.cjs <redis socket> <jobs> <concurrency>
// Jobs wait before the worker starts; prints executions per second from the first to the last.
const { Queue, Worker } = require('bullmq');
const [path, jobs, concurrency] = [process.argv[2], +process.argv[3], +process.argv[4]];
const connection = { path, db: 10, maxRetriesPerRequest: null };

(async () => {
  const queue = new Queue('bench', { connection });
  await queue.obliterate({ force: true });
  for (let at = 0; at < jobs; at += 1000) {
    await queue.addBulk(Array.from({ length: Math.min(1000, jobs - at) }, () => ({
      name: 'nothing', data: {}, opts: { removeOnComplete: true },
    })));
  }
  let done = 0;
  let first = 0n;
  const worker = new Worker('bench', async () => {
    if (!first) first = process.hrtime.bigint();
    if (++done === jobs) {
      console.log((jobs - 1) / (Number(process.hrtime.bigint() - first) / 1e9));
      setImmediate(() => process.exit(0));
    }
  }, { connection, concurrency });
  worker.on('error', (error) => { console.error(error); process.exit(1); });
})();
