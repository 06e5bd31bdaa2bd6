//! Values under small numbers: styles, graphemes and links are in cells as such.
//!
//! A table is bounded in number and bytes. When it is full, whoever owns the cells says which numbers are
//! still in use ([`Table::sweep`]), and the others are given away again.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};

use hashbrown::{DefaultHashBuilder, HashTable};

/// Values that are refused after a sweep that was of no use before there is another one.
const REFUSALS: usize = 1024;

/// A value that a table can hold.
pub(crate) trait Value: Hash + Eq {
    /// Bytes on the heap.
    fn heap_bytes(&self) -> usize;
}

/// See the module's documentation. Numbers begin at 1.
pub(crate) struct Table<T> {
    values: Vec<Option<T>>,
    free: Vec<u32>,
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
    heap_bytes: usize,
    count_max: usize,
    bytes_max: usize,
    refusals_left: usize,
}

impl<T: Value> Table<T> {
    pub(crate) fn new(count_max: usize, bytes_max: usize) -> Self {
        Table {
            values: Vec::new(),
            free: Vec::new(),
            index: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            heap_bytes: 0,
            count_max,
            bytes_max,
            refusals_left: 0,
        }
    }

    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        self.values.get((number as usize).checked_sub(1)?)?.as_ref()
    }

    /// The number of an equal value, if there is one.
    pub(crate) fn find<Q>(&self, key: &Q) -> Option<u32>
    where
        T: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.hasher.hash_one(key);
        let is_equal = |number: &u32| self.get(*number).is_some_and(|value| value.borrow() == key);
        self.index.find(hash, is_equal).copied()
    }

    /// The number for a value that is not in the table; `None` when it is full.
    pub(crate) fn insert(&mut self, value: T) -> Option<u32> {
        let bytes = value.heap_bytes();
        let is_full = self.free.is_empty() && self.values.len() >= self.count_max;
        if is_full || self.heap_bytes + bytes > self.bytes_max {
            return None;
        }
        let hash = self.hasher.hash_one(&value);
        self.heap_bytes += bytes;
        let number = match self.free.pop() {
            Some(number) => {
                self.values[number as usize - 1] = Some(value);
                number
            }
            None => {
                self.values.push(Some(value));
                self.values.len() as u32
            }
        };
        let (values, hasher) = (&self.values, &self.hasher);
        self.index.insert_unique(hash, number, |number| {
            let value = values[*number as usize - 1].as_ref();
            value.map_or(0, |value| hasher.hash_one(value))
        });
        Some(number)
    }

    /// Whether a sweep is due after a refusal: not each time while sweeps are of no use.
    pub(crate) fn is_sweep_due(&mut self) -> bool {
        let is_due = self.refusals_left == 0;
        self.refusals_left = self.refusals_left.checked_sub(1).unwrap_or(REFUSALS);
        is_due
    }

    /// Numbers up to this one have been given.
    pub(crate) fn numbers(&self) -> usize {
        self.values.len()
    }

    /// Drops the values whose numbers are not in use.
    pub(crate) fn sweep(&mut self, is_used: impl Fn(u32) -> bool) {
        for (index, slot) in self.values.iter_mut().enumerate() {
            let number = index as u32 + 1;
            if !is_used(number)
                && let Some(value) = slot.take()
            {
                self.heap_bytes -= value.heap_bytes();
                self.free.push(number);
            }
        }
        let values = &self.values;
        self.index.retain(|number| values[*number as usize - 1].is_some());
        let is_useful = self.free.len() * 8 >= self.values.len()
            && self.heap_bytes <= self.bytes_max - self.bytes_max / 8;
        self.refusals_left = if is_useful { 0 } else { REFUSALS };
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.values.capacity() * size_of::<Option<T>>()
            + self.free.capacity() * size_of::<u32>()
            + self.index.allocation_size()
            + self.heap_bytes
    }
}
