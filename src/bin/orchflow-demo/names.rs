//! Numbers and names of terminals, taken from the panes that show them.
//!
//! The number is in the pane's metadata. The name is the pane's title, or its id if it has no
//! title. `serve` gives every terminal a pane with a number (see [`super::panes`]); on other
//! servers the terminal's id can be used.

use orchflow::{Pane, PaneContent, StateTerminal, StateView};

/// The key of the number in a pane's metadata.
pub(crate) const NUMBER: &str = "number";

/// The maximum length of a name in bytes.
const NAME_MAX: usize = 64;
/// Words that are commands after `attach ADDRESS`.
const VERBS: [&str; 3] = ["list", "new", "kill"];

/// A terminal with its number and name.
pub(crate) struct Named<'a> {
    pub(crate) id: u64,
    pub(crate) metadata: &'a StateTerminal,
    pub(crate) number: Option<u32>,
    /// The title of its pane, or empty.
    pub(crate) title: &'a str,
    pane: &'a str,
}

impl Named<'_> {
    /// The name to find it by on another server; `None` if it was not named.
    pub(crate) fn name(&self) -> Option<String> {
        let generic = pane_id(self.id);
        let name = if self.title.is_empty() { self.pane } else { self.title };
        (!name.is_empty() && name != generic).then(|| name.to_owned())
    }

    fn is_called(&self, name: &str) -> bool {
        if self.title.is_empty() { self.pane == name } else { self.title == name }
    }
}

/// The id of the pane that is created for a terminal.
pub(crate) fn pane_id(terminal: u64) -> String {
    format!("terminal-{terminal}")
}

/// The number of a pane.
pub(crate) fn number(pane: &Pane) -> Option<u32> {
    pane.metadata.get(NUMBER)?.parse().ok()
}

/// All terminals, sorted by number; those without a number last, by id.
pub(crate) fn all(view: &StateView) -> Vec<Named<'_>> {
    let mut found: Vec<_> =
        view.terminals().map(|(id, metadata, _)| named(view, id, metadata)).collect();
    found.sort_by_key(|terminal| (terminal.number.unwrap_or(u32::MAX), terminal.id));
    found
}

fn named<'a>(view: &'a StateView, id: u64, metadata: &'a StateTerminal) -> Named<'a> {
    let shows = |pane: &Pane| pane.content == PaneContent::Terminal(id);
    let panes = view.panes().filter(|(_, pane, _)| shows(pane));
    let pane = panes.min_by_key(|(id, pane, _)| (number(pane).unwrap_or(u32::MAX), *id));
    Named {
        id,
        metadata,
        number: pane.and_then(|(_, pane, _)| number(pane)),
        title: pane.map_or("", |(_, pane, _)| &pane.title),
        pane: pane.map_or("", |(id, ..)| id),
    }
}

/// The terminal with this number, name or id.
pub(crate) fn find<'a>(view: &'a StateView, text: &str) -> Result<Named<'a>, String> {
    let mut all = all(view);
    if let Ok(number) = text.parse::<u64>() {
        let by_number =
            all.iter().position(|each| each.number.is_some_and(|n| u64::from(n) == number));
        let at = by_number.or_else(|| all.iter().position(|each| each.id == number));
        return at.map(|at| all.swap_remove(at)).ok_or_else(|| missing(text));
    }
    // A running program takes precedence over one that has ended.
    let is_called =
        |each: &Named<'_>, running| each.is_called(text) && each.metadata.running == running;
    for running in [true, false] {
        let count = all.iter().filter(|each| is_called(each, running)).count();
        if count > 1 {
            return Err(format!("{text}: {count} terminals have this name; use a number"));
        }
        if let Some(at) = all.iter().position(|each| is_called(each, running)) {
            return Ok(all.swap_remove(at));
        }
    }
    Err(missing(text))
}

fn missing(text: &str) -> String {
    format!("{text}: no such terminal; `attach ADDRESS list` lists them")
}

/// Checks a name for a terminal; the error is what was expected.
pub(crate) fn check_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() || name.len() > NAME_MAX {
        return Err("1 to 64 bytes");
    }
    if name.chars().any(char::is_control) || name.trim() != name {
        return Err("no control characters, and no blanks at the ends");
    }
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("a name, not a number");
    }
    if VERBS.contains(&name) {
        return Err("a name other than list, new and kill");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use orchflow::{Change, ChangeOp, ChangeSet, Config, Engine, Metadata, Session, SpawnOptions};

    use super::*;

    /// An engine with three terminals; the panes that show them have these ids, titles and numbers.
    fn engine(panes: [(&str, &str, &str); 3]) -> (Engine, [u64; 3]) {
        let mut engine = Engine::new(Config::default()).unwrap();
        let spawn = |engine: &mut Engine| engine.spawn(&SpawnOptions::program("cat")).unwrap();
        let ids = [(); 3].map(|()| spawn(&mut engine).to_u64());
        let mut changes = ChangeSet::default();
        let mut put = |change| changes.ops.push(ChangeOp { change, base: None });
        put(Change::PutSession { id: "main".into(), session: Session::default() });
        for ((id, title, number), terminal) in panes.into_iter().zip(ids) {
            let number = (!number.is_empty()).then(|| (NUMBER.to_owned(), number.to_owned()));
            let pane = Pane {
                session: "main".into(),
                title: title.into(),
                content: PaneContent::Terminal(terminal),
                metadata: number.into_iter().collect::<Metadata>(),
            };
            put(Change::PutPane { id: id.into(), pane });
        }
        engine.change_state(&changes).unwrap();
        (engine, ids)
    }

    #[test]
    fn terminals_are_found_by_number_name_and_id() {
        let panes = [("shell", "", "2"), ("terminal-9", "build", "1"), ("x", "build 2", "")];
        let (mut engine, ids) = engine(panes);
        let state = engine.application_state().unwrap();
        let order: Vec<u64> = all(state).iter().map(|each| each.id).collect();
        assert_eq!(order, [ids[1], ids[0], ids[2]]);
        for (text, id) in [
            ("1", Some(ids[1])),
            ("2", Some(ids[0])),
            ("shell", Some(ids[0])),
            ("build", Some(ids[1])),
            ("build 2", Some(ids[2])),
            (&ids[2].to_string(), Some(ids[2])),
            ("3", None),
            ("Build", None),
            ("terminal-9", None),
            ("", None),
        ] {
            assert_eq!(find(state, text).ok().map(|each| each.id), id, "{text:?}");
        }
        assert_eq!(find(state, "1").unwrap().name().as_deref(), Some("build"));
        assert_eq!(find(state, "2").unwrap().name().as_deref(), Some("shell"));
    }

    #[test]
    fn names_that_two_have_are_refused() {
        let (mut engine, ids) = engine([("a", "same", "1"), ("b", "same", "2"), ("c", "", "")]);
        let state = engine.application_state().unwrap();
        assert!(find(state, "same").map(drop).unwrap_err().contains("number"));
        assert_eq!(find(state, "2").unwrap().id, ids[1]);
    }

    #[test]
    fn what_may_be_a_name() {
        for (name, ok) in [
            ("build", true),
            ("my build", true),
            ("é-1", true),
            ("7a", true),
            ("", false),
            ("7", false),
            (" a", false),
            ("a\tb", false),
            ("new", false),
            ("list", false),
            (&"x".repeat(65), false),
        ] {
            assert_eq!(check_name(name).is_ok(), ok, "{name:?}");
        }
    }
}
