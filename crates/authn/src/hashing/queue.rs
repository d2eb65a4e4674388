//! Who is served next: a plain structure without threads or time.
//!
//! Inside a lane, tenants are served by self-clocked fair queuing. There is a scale of work; a job lies on it as far
//! beyond the one before it as it costs, the job that ends first is served first, and the clock moves to its end.
//! Tenants that always have jobs waiting thus get equal shares of the threads, whatever their number of jobs and
//! however dear each; a tenant that comes anew begins at the clock: not before those who wait, nor behind all they
//! have asked for. Jobs of one tenant are served in order.

use std::collections::{BTreeMap, HashMap, VecDeque};

use palatine_domain::ids::TenantId;

use super::Lane;

/// How many places there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// For one tenant in one lane.
    pub(super) per_tenant: usize,
    /// For all tenants in one lane.
    pub(super) total: usize,
}

/// There is no place left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// The jobs that wait, of both lanes.
pub(super) struct FairQueue<J> {
    people: LaneQueue<J>,
    clients: LaneQueue<J>,
}

struct LaneQueue<J> {
    /// Work done for this lane, to share the threads with the other.
    served: u64,
    /// Places taken.
    places: usize,
    /// Jobs that wait.
    waiting: usize,
    /// Where the job served last ended.
    clock: u64,
    /// Turns given so far.
    turns_given: u64,
    /// Tenants with a place.
    tenants: HashMap<TenantId, TenantQueue<J>>,
    /// Tenants with a waiting job.
    turns: BTreeMap<Turn, TenantId>,
}

/// Where a tenant's first waiting job ends; of those that end together, the one that came first.
type Turn = (u64, u64);

struct TenantQueue<J> {
    places: usize,
    turn: Option<Turn>,
    jobs: VecDeque<Queued<J>>,
}

struct Queued<J> {
    ticket: u64,
    cost: u64,
    job: J,
}

impl<J> FairQueue<J> {
    pub(super) fn new() -> Self {
        Self { people: LaneQueue::new(), clients: LaneQueue::new() }
    }

    fn lane(&mut self, lane: Lane) -> &mut LaneQueue<J> {
        match lane {
            Lane::People => &mut self.people,
            Lane::Clients => &mut self.clients,
        }
    }

    /// Takes a place for a job that will come.
    pub(super) fn enter(&mut self, lane: Lane, tenant: TenantId, limits: Limits) -> Result<(), Full> {
        self.lane(lane).enter(tenant, limits)
    }

    /// Lets a job wait whose place was taken. `ticket` rises from job to job.
    pub(super) fn push(&mut self, lane: Lane, tenant: TenantId, ticket: u64, cost: u64, job: J) {
        self.lane(lane).push(tenant, Queued { ticket, cost, job });
    }

    /// The next job.
    pub(super) fn pop(&mut self) -> Option<J> {
        let (chosen, other) = match (self.people.waiting, self.clients.waiting) {
            (0, 0) => return None,
            (_, 0) => (&mut self.people, &mut self.clients),
            (0, _) => (&mut self.clients, &mut self.people),
            _ if self.clients.served < self.people.served => (&mut self.clients, &mut self.people),
            _ => (&mut self.people, &mut self.clients),
        };
        let queued = chosen.pop()?;
        chosen.served = chosen.served.saturating_add(queued.cost);
        // A lane in which nobody waits saves nothing up.
        if other.waiting == 0 {
            other.served = other.served.max(chosen.served);
        }
        Some(queued.job)
    }

    /// Gives a place back, and takes out the job that it held if that still waits.
    pub(super) fn leave(&mut self, lane: Lane, tenant: TenantId, ticket: Option<u64>) {
        self.lane(lane).leave(tenant, ticket);
    }

    /// How many jobs of a lane wait.
    pub(super) fn waiting(&self, lane: Lane) -> usize {
        match lane {
            Lane::People => self.people.waiting,
            Lane::Clients => self.clients.waiting,
        }
    }

    /// How many places of both lanes are taken.
    pub(super) fn places(&self) -> usize {
        self.people.places + self.clients.places
    }
}

impl<J> LaneQueue<J> {
    fn new() -> Self {
        Self {
            served: 0,
            places: 0,
            waiting: 0,
            clock: 0,
            turns_given: 0,
            tenants: HashMap::new(),
            turns: BTreeMap::new(),
        }
    }

    fn enter(&mut self, tenant: TenantId, limits: Limits) -> Result<(), Full> {
        let taken = self.tenants.get(&tenant).map_or(0, |queue| queue.places);
        if taken >= limits.per_tenant || self.places >= limits.total {
            return Err(Full);
        }
        self.places += 1;
        let nobody = || TenantQueue { places: 0, turn: None, jobs: VecDeque::new() };
        self.tenants.entry(tenant).or_insert_with(nobody).places += 1;
        Ok(())
    }

    fn push(&mut self, tenant: TenantId, queued: Queued<J>) {
        let Some(queue) = self.tenants.get_mut(&tenant) else { return };
        queue.jobs.push_back(queued);
        self.waiting += 1;
        if queue.turn.is_none() {
            self.give_turn(tenant, self.clock);
        }
    }

    fn pop(&mut self) -> Option<Queued<J>> {
        let ((end, _), tenant) = self.turns.pop_first()?;
        self.clock = end;
        let queue = self.tenants.get_mut(&tenant)?;
        queue.turn = None;
        let queued = queue.jobs.pop_front()?;
        self.waiting -= 1;
        self.give_turn(tenant, end);
        Some(queued)
    }

    fn leave(&mut self, tenant: TenantId, ticket: Option<u64>) {
        let Some(queue) = self.tenants.get_mut(&tenant) else { return };
        self.places -= 1;
        queue.places -= 1;
        let at = ticket.and_then(|ticket| queue.jobs.binary_search_by_key(&ticket, |queued| queued.ticket).ok());
        if let Some((at, gone)) = at.and_then(|at| Some((at, queue.jobs.remove(at)?))) {
            self.waiting -= 1;
            if at == 0
                && let Some(turn) = queue.turn.take()
            {
                self.turns.remove(&turn);
                self.give_turn(tenant, turn.0.saturating_sub(gone.cost));
            }
        }
        // One who comes back begins at the clock, and so does one who was never here.
        if self.tenants.get(&tenant).is_some_and(|queue| queue.places == 0) {
            self.tenants.remove(&tenant);
        }
    }

    /// Puts a tenant's first waiting job, if there is one, on the scale, beginning at `start`.
    fn give_turn(&mut self, tenant: TenantId, start: u64) {
        let Some(queue) = self.tenants.get_mut(&tenant) else { return };
        let Some(first) = queue.jobs.front() else { return };
        self.turns_given += 1;
        let turn = (start.saturating_add(first.cost), self.turns_given);
        queue.turn = Some(turn);
        self.turns.insert(turn, tenant);
    }
}

#[cfg(test)]
mod tests;
