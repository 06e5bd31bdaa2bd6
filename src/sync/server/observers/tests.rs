//! Figures over virtual time: how often they are made, who gets them, and who pays.

use super::*;
use crate::id::ClientId;
use crate::sync::protocol::HealthStatus;
use crate::sync::server::client::{COST, ROOM_BYTES};
use crate::sync::server::tests::Rig;

const MS: Duration = Duration::from_millis(1);
/// What making the figures costs here.
const MAKING_COST: u64 = 500_000;

impl Rig {
    fn observer(&mut self, figures_ms: u32) -> ClientId {
        let (id, _far) = self.connect(true, b"");
        self.server.observe(id, figures_ms, false, self.reactor.now());
        id
    }

    /// Frames that wait for a client.
    fn frames(&self, id: ClientId) -> usize {
        self.server.clients.get(id).unwrap().transport.queued_frames()
    }

    /// A slice that is over.
    fn no_time(&self) -> Slice {
        Slice::until(self.reactor.measure_tick(), Reactor::clock())
    }

    /// The end of a turn. Whether figures were made, and how many clients got something.
    fn send(&mut self, slice: &mut Slice) -> (bool, usize) {
        let Rig { server, reactor, .. } = self;
        while let Some((key, _)) = reactor.expired() {
            assert!(matches!(Alarm::from_key(key), Some(Alarm::Observers)));
            server.handle_observers_alarm();
        }
        let (figures, health) = server.observers_due(reactor.now());
        let made = figures.then(|| MadeFigures::new(Figures::default(), MAKING_COST));
        let health =
            health.then(|| Health { status: HealthStatus::Ok, parts: Vec::new(), more: 0 });
        let (observers, clients) = (&mut server.observers, &mut server.clients);
        let served = observers.transmit(clients, made, health.as_ref(), slice, reactor);
        (figures, served)
    }
}

/// Whenever clients have subscribed and however often each wants figures: they are made four times a second at most, and
/// once more for each that gets its first.
#[test]
fn one_making_serves_all_that_are_due() {
    const SECONDS: usize = 10;
    let mut rig = Rig::new();
    // Each begins 70 ms after the one before.
    let wanted = [250, 1, 300, 500, 501, 1000, 250, 700, 60_000, 99_000];
    let (mut clients, mut makings) = (Vec::new(), 0);
    for step in 0..SECONDS * 100 {
        if step % 7 == 0
            && let Some(ms) = wanted.get(step / 7)
        {
            clients.push((rig.observer(*ms), step));
        }
        let mut slice = rig.slice();
        makings += usize::from(rig.send(&mut slice).0);
        rig.reactor.jump(10 * MS);
    }
    assert!((40..=40 + wanted.len()).contains(&makings), "{makings}");
    for ((id, step), ms) in clients.into_iter().zip(wanted) {
        // An interval is a multiple of the grid, and the first one is up to one of it longer.
        let (every, time) = ((ms as usize).div_ceil(250).min(240) * 25, SECONDS * 100 - step);
        let expected = time.saturating_sub(26) / every..=1 + time / every;
        assert!(expected.contains(&rig.frames(id)), "{ms}: {} of {expected:?}", rig.frames(id));
    }
}

/// The second figures come no sooner than an interval after the first, and the others an interval later each; who was
/// behind gets one message, not those that it has missed.
#[test]
fn intervals_are_kept() {
    let mut rig = Rig::new();
    rig.reactor.jump(30 * MS);
    let id = rig.observer(400);
    let mut times = Vec::new();
    for ms in 0..4000 {
        // For a second there is no turn.
        let is_away = (1600..2600).contains(&ms);
        let mut slice = rig.slice();
        if !is_away && rig.send(&mut slice).1 > 0 {
            times.push(30 + ms);
        }
        rig.reactor.jump(MS);
    }
    assert_eq!(times, [30, 750, 1250, 2630, 2750, 3250, 3750]);
    assert_eq!(rig.frames(id), times.len());
}

/// In turns that have no time left all are served all the same, by the same figures. A client that does not read takes
/// nobody's place, and no turn is begun for it.
#[test]
fn nobody_is_in_the_way_of_others() {
    let mut rig = Rig::new();
    let full: Vec<ClientId> = (0..3).map(|_| rig.observer(250)).collect();
    for id in &full {
        let client = rig.server.clients.get_mut(*id).unwrap();
        client.push(vec![0; REPLY_ROOM.0].into());
    }
    let others: Vec<ClientId> = (0..20).map(|_| rig.observer(250)).collect();
    for round in 1..=3 {
        let mut turns = Vec::new();
        loop {
            let mut slice = rig.no_time();
            turns.push(rig.send(&mut slice));
            if !rig.server.observers.has_work() {
                break;
            }
        }
        assert_eq!(turns, [(true, 8), (false, 8), (false, 4)]);
        assert!(others.iter().all(|id| rig.frames(*id) == round));
        assert!(full.iter().all(|id| rig.frames(*id) == 1));
        rig.reactor.jump(500 * MS);
    }
}

/// A flood fills the queue up to where it stops, each turn before observers get theirs.
#[test]
fn a_flood_leaves_room() {
    let mut rig = Rig::new();
    let (id, _far) = rig.connect(true, b"");
    rig.server.observe(id, 250, true, rig.reactor.now());
    for round in 1..=3 {
        let client = rig.server.clients.get_mut(id).unwrap();
        client.transport.drop_unwritten();
        while client.has_room() {
            client.push(vec![0; ROOM_BYTES - 1].into());
        }
        let before = rig.frames(id);
        rig.server.note_health();
        let mut slice = rig.slice();
        assert_eq!(rig.send(&mut slice), (true, 1));
        assert_eq!(rig.frames(id), before + 2, "round {round}: figures and health");
        rig.reactor.jump(500 * MS);
    }
}

/// Health that a client has no room for is owed to it; the others get theirs, and no turn is begun for it.
#[test]
fn health_waits_for_room() {
    let mut rig = Rig::new();
    let ids: Vec<ClientId> = (0..12).map(|_| rig.connect(true, b"").0).collect();
    for id in &ids {
        rig.server.observe(*id, 0, true, rig.reactor.now());
    }
    let full = rig.server.clients.get_mut(ids[0]).unwrap();
    full.push(vec![0; REPLY_ROOM.0].into());
    let mut slice = rig.no_time();
    assert_eq!(rig.send(&mut slice), (false, 8));
    assert_eq!(rig.send(&mut slice), (false, 3));
    assert!(!rig.server.observers.has_work());
    assert_eq!(rig.send(&mut slice), (false, 0));
    let full = rig.server.clients.get_mut(ids[0]).unwrap();
    full.transport.drop_unwritten();
    assert_eq!(rig.send(&mut slice), (false, 1));
    assert_eq!(rig.server.observers_due(rig.reactor.now()), (false, false));
}

/// Each client pays for its figures as if they had been made for it alone, and is read no sooner than it has.
#[test]
fn who_gets_figures_pays_for_them() {
    let mut rig = Rig::new();
    let ids = [rig.observer(250), rig.observer(250)];
    let count = COST.1 / MAKING_COST;
    for _ in 0..count {
        let mut slice = rig.slice();
        assert_eq!(rig.send(&mut slice), (true, 2));
        // The making is charged by whoever has made them.
        assert!(slice.charged() >= 2 * MESSAGE_COST && slice.charged() < MAKING_COST);
        // At once once more, without time that would pay it back.
        for id in ids {
            rig.server.observe(id, 250, false, rig.reactor.now());
            rig.server.clients.get_mut(id).unwrap().transport.drop_unwritten();
        }
    }
    let now = rig.reactor.now();
    for id in ids {
        let client = rig.server.clients.get(id).unwrap();
        assert!(client.cost.ready_at(now) > now);
    }
}
