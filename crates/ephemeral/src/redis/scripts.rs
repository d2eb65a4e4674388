//! The Lua scripts: everything that reads and then writes is one, over one key.

use redis::Script;

/// All scripts, hashed once. Redis is sent a script's text only when it does not know the hash.
pub(super) struct Scripts {
    pub(super) limit: Script,
    pub(super) session_put: Script,
    pub(super) session_end: Script,
    pub(super) lease: Script,
    pub(super) known_since: Script,
    pub(super) note_swap: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            limit: Script::new(include_str!("limit.lua")),
            session_put: Script::new(include_str!("session_put.lua")),
            session_end: Script::new(include_str!("session_end.lua")),
            lease: Script::new(include_str!("lease.lua")),
            known_since: Script::new(include_str!("known_since.lua")),
            note_swap: Script::new(include_str!("note_swap.lua")),
        }
    }
}
