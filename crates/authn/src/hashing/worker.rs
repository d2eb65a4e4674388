//! What a hashing thread does.

use super::HashError;
use super::argon;
use super::memory::Memory;
use super::pool::{Answer, Job, Next, Shared, Work};
use crate::telemetry;

/// Serves jobs until the pool ends.
pub(super) fn work(shared: &Shared) {
    let mut memory = Memory::new(shared.params.block_count());
    loop {
        let next = match shared.try_next() {
            Next::Nothing => {
                // Nobody waits for this: a job that follows at once overwrites what the last one left.
                memory.wipe();
                shared.next()
            }
            next => next,
        };
        match next {
            Next::Job(job) => serve(shared, &mut memory, *job),
            Next::Nothing => {}
            Next::End => return,
        }
    }
}

/// Does one job and answers it.
pub(super) fn serve(shared: &Shared, memory: &mut Memory, job: Job) {
    // Its place was given back between the queue and here.
    if job.sender.is_closed() {
        return;
    }
    let begun = shared.ambient.now();
    telemetry::waited(job.lane.as_str(), begun.since(job.since));
    let answer = compute(shared, memory, &job);
    shared.count(&job.work, shared.ambient.now().since(begun));
    // A caller that went away meanwhile needs no answer.
    let _ = job.sender.send(answer);
}

fn compute(shared: &Shared, memory: &mut Memory, job: &Job) -> Result<Answer, HashError> {
    let params = &shared.params;
    match &job.work {
        Work::Hash(salt) => {
            argon::hash(&job.secret, *salt, params, memory.of(params.block_count())).map(Answer::Hashed)
        }
        Work::Verify(stored) | Work::Decoy(stored) => {
            Ok(Answer::Verified(stored.verify(&job.secret, params, memory.of(stored.blocks()))))
        }
    }
}
