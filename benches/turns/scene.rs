//! One attack, or several, beside an engine with somebody who types.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use orchflow::{Limits, PeerAddress, PeerOptions, WatchOptions};

use crate::Round;
use crate::attacks::{Attack, Attackers};
use crate::foreign_server::{Behaviour, ForeignServer};
use crate::sink::Sink;
use crate::turn_figures;
use crate::turn_files::{FileAttack, Gardener, Grove};
use crate::turn_host::{Bystander, TurnHost};

/// Between two round trips, as somebody who types fast on several keyboards.
const PAUSE: Duration = Duration::from_millis(1);
/// Round trips that are not counted: the attack begins with them.
const WARM_UP: usize = 20;

/// What happens to files takes the watch a while to see.
const FILES_LEAST: Duration = Duration::from_secs(3);

/// See the module's documentation.
pub(crate) struct Scene {
    attacks: Vec<Attack>,
    peers: Vec<Behaviour>,
    files: Vec<FileAttack>,
    /// Planted once for all rounds.
    grove: Option<Arc<Grove>>,
}

impl Scene {
    pub(crate) fn of(attacks: &[Attack], peers: &[Behaviour], files: &[FileAttack]) -> Self {
        let grove = (!files.is_empty()).then(|| Arc::new(Grove::plant()));
        let (attacks, peers, files) = (attacks.to_vec(), peers.to_vec(), files.to_vec());
        Scene { attacks, peers, files, grove }
    }

    /// One round, against the engine or as a control; `None` if an echo never came.
    pub(crate) fn round(&self, trips: usize, is_control: bool) -> Option<Round> {
        catch_unwind(AssertUnwindSafe(|| self.try_round(trips, is_control))).ok()
    }

    fn try_round(&self, trips: usize, is_control: bool) -> Round {
        let host = TurnHost::start(Limits::default());
        let mut target = host.target();
        let mut bystander = Bystander::new(&host);
        let mut sink = is_control.then(Sink::start);
        if let Some(sink) = &sink {
            target.address = sink.address;
        } else if let Some(grove) = &self.grove {
            let options = WatchOptions::new(grove.root());
            let watch = host.with(move |engine| engine.add_watch(&options).unwrap());
            while !host.with(move |engine| engine.watch_state(watch).unwrap().ready) {
                std::thread::sleep(PAUSE);
            }
        }
        let servers: Vec<ForeignServer> =
            self.peers.iter().map(|peer| ForeignServer::start(*peer)).collect();
        let _attackers = Attackers::start(&target, &self.attacks);
        let _gardener = self.grove.clone().map(|grove| Gardener::start(grove, &self.files));
        for server in &servers {
            match &mut sink {
                Some(sink) => sink.connect(server.address),
                None => {
                    let options = PeerOptions::new(PeerAddress::Tcp(server.address), "t");
                    let options = options.json(true).compress(true);
                    host.with(move |engine| engine.connect(&options).unwrap());
                }
            }
        }
        let mut echoes = [Vec::new(), Vec::new()];
        let least = if self.files.is_empty() { Duration::ZERO } else { FILES_LEAST };
        let begun = Instant::now();
        for trip in 0.. {
            if trip >= WARM_UP + trips && begun.elapsed() >= least {
                break;
            }
            std::thread::sleep(PAUSE);
            let of_host = bystander.host_echoes();
            std::thread::sleep(PAUSE);
            let of_client = bystander.client_echoes();
            if trip >= WARM_UP {
                echoes[0].push(of_host.as_secs_f64() * 1e3);
                echoes[1].push(of_client.as_secs_f64() * 1e3);
            } else if trip + 1 == WARM_UP {
                host.turns();
                host.with(turn_figures::reset);
            }
        }
        let stages = host.with(|engine| turn_figures::stages(engine));
        Round { turns: host.turns(), echoes, stages }
    }
}
