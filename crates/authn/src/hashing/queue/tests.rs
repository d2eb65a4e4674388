use super::*;
use palatine_domain::ids::RowId;
use uuid::Uuid;

const ROOM: Limits = Limits { per_tenant: 1_000, total: 10_000 };

fn tenant(number: u128) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(number))
}

struct Line {
    queue: FairQueue<(Lane, u128)>,
    ticket: u64,
}

impl Line {
    fn new() -> Self {
        Self { queue: FairQueue::new(), ticket: 0 }
    }

    fn ask(&mut self, lane: Lane, number: u128, cost: u64) -> u64 {
        self.queue.enter(lane, tenant(number), ROOM).unwrap();
        self.ticket += 1;
        self.queue.push(lane, tenant(number), self.ticket, cost, (lane, number));
        self.ticket
    }

    fn ask_often(&mut self, times: usize, lane: Lane, number: u128, cost: u64) {
        for _ in 0..times {
            self.ask(lane, number, cost);
        }
    }

    /// Serves one job to its end.
    fn serve(&mut self) -> Option<(Lane, u128)> {
        let (lane, number) = self.queue.pop()?;
        self.queue.leave(lane, tenant(number), Some(0));
        Some((lane, number))
    }

    fn serve_tenants(&mut self, times: usize) -> Vec<u128> {
        (0..times).filter_map(|_| self.serve()).map(|(_, number)| number).collect()
    }
}

#[test]
fn a_flood_of_one_tenant_does_not_delay_another() {
    let mut line = Line::new();
    line.ask_often(200, Lane::People, 1, 1);
    line.serve_tenants(10);
    line.ask_often(5, Lane::People, 2, 1);
    let served = line.serve_tenants(11);
    assert_eq!(served.iter().filter(|number| **number == 2).count(), 5, "{served:?}");
}

#[test]
fn shares_are_equal_in_work_not_in_jobs() {
    let mut line = Line::new();
    line.ask_often(100, Lane::People, 1, 10);
    line.ask_often(100, Lane::People, 2, 1);
    let served = line.serve_tenants(55);
    let dear = served.iter().filter(|number| **number == 1).count();
    assert!((5..=6).contains(&dear), "{dear}");
}

#[test]
fn asking_for_dear_hashes_one_by_one_gains_nothing() {
    let mut line = Line::new();
    line.ask_often(100, Lane::People, 2, 1);
    line.ask(Lane::People, 1, 10);
    let mut dear = 0;
    for _ in 0..44 {
        if line.serve().unwrap().1 == 1 {
            dear += 1;
            line.ask(Lane::People, 1, 10);
        }
    }
    assert!((4..=5).contains(&dear), "{dear}");
}

#[test]
fn jobs_of_one_tenant_are_served_in_order() {
    let mut queue = FairQueue::new();
    for ticket in 1..=4 {
        queue.enter(Lane::People, tenant(1), ROOM).unwrap();
        queue.push(Lane::People, tenant(1), ticket, 1, ticket);
    }
    assert_eq!(std::iter::from_fn(|| queue.pop()).collect::<Vec<_>>(), [1, 2, 3, 4]);
}

#[test]
fn lanes_share_evenly_and_lend_what_they_do_not_use() {
    let mut line = Line::new();
    line.ask_often(50, Lane::Clients, 1, 1);
    assert!((0..10).all(|_| line.serve().unwrap().0 == Lane::Clients), "nobody else waits");
    line.ask_often(50, Lane::People, 1, 1);
    let people = (0..20).filter(|_| line.serve().unwrap().0 == Lane::People).count();
    assert_eq!(people, 10, "an idle lane saved nothing up and lost nothing");
}

#[test]
fn places_are_bounded_per_tenant_and_in_all_and_by_lane() {
    let limits = Limits { per_tenant: 2, total: 3 };
    let mut queue = FairQueue::<()>::new();
    for number in [1, 1, 2] {
        queue.enter(Lane::People, tenant(number), limits).unwrap();
    }
    assert_eq!(queue.enter(Lane::People, tenant(1), limits), Err(Full));
    assert_eq!(queue.enter(Lane::People, tenant(3), limits), Err(Full));
    assert_eq!(queue.enter(Lane::Clients, tenant(1), limits), Ok(()));
    queue.leave(Lane::People, tenant(1), None);
    assert_eq!(queue.enter(Lane::People, tenant(3), limits), Ok(()));
}

#[test]
fn a_job_whose_place_is_given_back_is_never_served() {
    let mut line = Line::new();
    let first = line.ask(Lane::People, 1, 1);
    let second = line.ask(Lane::People, 1, 1);
    line.ask(Lane::People, 2, 1);
    line.queue.leave(Lane::People, tenant(1), Some(first));
    line.queue.leave(Lane::People, tenant(1), Some(second));
    assert_eq!(line.serve_tenants(3), [2]);
    assert_eq!((line.queue.waiting(Lane::People), line.queue.places()), (0, 0));
}

#[test]
fn a_stream_of_new_tenants_starves_nobody() {
    let mut line = Line::new();
    line.ask_often(10, Lane::People, 1, 1);
    for number in 2..22 {
        line.ask(Lane::People, number, 1);
        line.serve();
    }
    let left = line.serve_tenants(100).into_iter().filter(|number| *number == 1).count();
    assert!(left <= 5, "{left} of 10 still waited after 20 turns");
}

#[test]
fn taking_a_cheap_job_back_does_not_make_the_next_one_cheap() {
    let mut line = Line::new();
    let cheap = line.ask(Lane::People, 1, 1);
    line.ask(Lane::People, 1, 10);
    line.ask_often(5, Lane::People, 2, 1);
    line.queue.leave(Lane::People, tenant(1), Some(cheap));
    assert_eq!(line.serve_tenants(6), [2, 2, 2, 2, 2, 1]);
}

#[test]
fn tenants_without_a_place_are_forgotten() {
    let mut line = Line::new();
    for number in 0..1_000 {
        line.ask(Lane::People, number, 1);
    }
    line.serve_tenants(1_000);
    assert!(line.queue.people.tenants.is_empty() && line.queue.people.turns.is_empty());
}
