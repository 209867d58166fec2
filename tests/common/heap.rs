//! A counting allocator. It becomes the global allocator of every program that includes this file.
//!
//! It counts only inside [`peak`] and [`allocations`], so it costs almost nothing elsewhere. It does not count memory
//! allocated by C.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering::Relaxed};

struct Counting;

static ON: AtomicBool = AtomicBool::new(false);
/// Bytes held now, relative to the start of the measurement. Negative after older memory was freed.
static HELD: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);
static CALLS: AtomicUsize = AtomicUsize::new(0);

fn allocated(size: usize) {
    if ON.load(Relaxed) {
        CALLS.fetch_add(1, Relaxed);
        PEAK.fetch_max(HELD.fetch_add(size as isize, Relaxed) + size as isize, Relaxed);
    }
}

fn freed(size: usize) {
    if ON.load(Relaxed) {
        HELD.fetch_sub(size as isize, Relaxed);
    }
}

// SAFETY: every call is passed on to the system allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        allocated(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        allocated(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // The old and the new memory may coexist.
        allocated(new_size);
        freed(layout.size());
        unsafe { System.realloc(at, layout, new_size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        freed(layout.size());
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn counted<T>(work: impl FnOnce() -> T) -> T {
    HELD.store(0, Relaxed);
    PEAK.store(0, Relaxed);
    CALLS.store(0, Relaxed);
    ON.store(true, Relaxed);
    let result = work();
    ON.store(false, Relaxed);
    result
}

/// The peak memory of `work` in bytes, relative to the memory held before, and its result.
pub fn peak<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let result = counted(work);
    (PEAK.load(Relaxed) as usize, result)
}

/// The memory that the result of `work` holds, in bytes, and the result.
#[allow(dead_code)] // not every test uses it
pub fn held<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let result = counted(work);
    (HELD.load(Relaxed) as usize, result)
}

/// How often `work` allocated.
pub fn allocations(work: impl FnOnce()) -> usize {
    counted(work);
    CALLS.load(Relaxed)
}
