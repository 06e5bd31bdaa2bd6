//! A table of slots by the hash of what is in them, which grows in small steps.
//!
//! A hash table that doubles moves everything at once: with a million entries that takes 100 ms. This one
//! is many small tables (shards); when they are full on average, one of them is split (linear hashing). So
//! no insertion moves more than one shard.

use hashbrown::HashTable;

/// Slots of a shard on average when one is split: so few that hardly any of them grows beyond 1,024 buckets, which
/// hold 896.
const SHARD: usize = 768;

/// See the module's documentation.
pub(super) struct Index {
    /// Never empty, but after [`pop_shard`](Self::pop_shard).
    shards: Vec<HashTable<u32>>,
    len: usize,
}

impl Index {
    pub(super) fn new() -> Self {
        Index { shards: vec![HashTable::new()], len: 0 }
    }

    /// In which shard a hash is. Those that were split in this round, and the new ones, take one bit more.
    fn shard_of(&self, hash: u64) -> usize {
        // Bits that the shards themselves do not go by.
        let bits = (hash >> 32) as usize & 0xFF_FFFF;
        let full = self.shards.len().next_power_of_two();
        let at = bits & (full - 1);
        if at < self.shards.len() { at } else { bits & (full / 2).saturating_sub(1) }
    }

    /// Bytes that it takes, about: a shard has some 5 bytes for each of up to 1,024 buckets.
    pub(super) fn bytes(&self) -> usize {
        (self.len * 10).min(self.shards.len() * 1024 * 5)
            + self.shards.len() * size_of::<HashTable<u32>>()
    }

    pub(super) fn find(&self, hash: u64, same: impl FnMut(&u32) -> bool) -> Option<u32> {
        self.shards.get(self.shard_of(hash))?.find(hash, same).copied()
    }

    /// Adds a slot. `hash_of` gives the hash of another one.
    pub(super) fn insert(&mut self, hash: u64, slot: u32, hash_of: impl Fn(u32) -> u64) {
        if self.len >= self.shards.len() * SHARD {
            self.split(&hash_of);
        }
        let at = self.shard_of(hash);
        let Some(shard) = self.shards.get_mut(at) else { return broken!("each hash has a shard") };
        shard.insert_unique(hash, slot, |slot| hash_of(*slot));
        self.len += 1;
    }

    fn split(&mut self, hash_of: &impl Fn(u32) -> u64) {
        let count = self.shards.len();
        // Which one the new shard takes its part from.
        let from = count - (count + 1).next_power_of_two() / 2;
        let Some(shard) = self.shards.get_mut(from) else { return broken!("a shard to split") };
        let old = std::mem::take(shard);
        self.shards.push(HashTable::new());
        for slot in old {
            let hash = hash_of(slot);
            let at = self.shard_of(hash);
            if let Some(shard) = self.shards.get_mut(at) {
                shard.insert_unique(hash, slot, |slot| hash_of(*slot));
            }
        }
    }

    /// Takes a slot out. Whether it was there.
    pub(super) fn remove(&mut self, hash: u64, slot: u32) -> bool {
        let at = self.shard_of(hash);
        let Some(shard) = self.shards.get_mut(at) else {
            return broken!("each hash has a shard", false);
        };
        let Ok(entry) = shard.find_entry(hash, |other| *other == slot) else { return false };
        entry.remove();
        self.len -= 1;
        true
    }

    /// Takes a part of all slots away, to free what has them in slices; nothing is found any more.
    pub(super) fn pop_shard(&mut self) -> Option<HashTable<u32>> {
        self.shards.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn hash(slot: u32) -> u64 {
        u64::from(slot).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(17)
    }

    #[test]
    fn slots_are_found_while_it_grows() {
        let mut index = Index::new();
        let mut most = 0;
        for slot in 0..50_000 {
            let hashed = Cell::new(0);
            index.insert(hash(slot), slot, |slot| {
                hashed.set(hashed.get() + 1);
                hash(slot)
            });
            most = most.max(hashed.get());
        }
        // A doubling would have hashed half of them.
        assert!(most < 8 * SHARD, "{most}");
        assert!(
            (0..50_000).all(|slot| index.find(hash(slot), |other| *other == slot) == Some(slot))
        );
        assert!(index.shards.iter().all(|shard| shard.len() < 3 * SHARD));
        for slot in (0..50_000).step_by(3) {
            index.remove(hash(slot), slot);
        }
        for slot in 0..50_000 {
            let found = index.find(hash(slot), |other| *other == slot);
            assert_eq!(found.is_some(), slot % 3 != 0);
        }
        let left: usize = std::iter::from_fn(|| index.pop_shard()).map(|shard| shard.len()).sum();
        assert_eq!(left, index.len);
        assert_eq!(index.find(1, |_| true), None);
    }
}
