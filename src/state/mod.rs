//! The application state: sessions, panes, terminals and files as a versioned store.
