//! The memory that one thread hashes in.

use argon2::Block;
use zeroize::Zeroize;

/// A buffer of 1 KiB blocks, kept from hash to hash: allocating 19 MiB each time costs more than a tenth of a hash.
///
/// A hash overwrites all that it uses, so what the last one left needs wiping only when no other follows at once.
pub(super) struct Memory {
    blocks: Vec<Block>,
    usual: usize,
    dirty: usize,
}

impl Memory {
    /// A buffer for hashes of `usual` blocks.
    pub(super) fn new(usual: usize) -> Self {
        Self { blocks: Vec::new(), usual, dirty: 0 }
    }

    /// At least `blocks` blocks, with whatever content.
    pub(super) fn of(&mut self, blocks: usize) -> &mut [Block] {
        let wanted = blocks.max(self.usual);
        if self.blocks.len() < wanted {
            self.wipe();
            self.blocks = vec![Block::new(); wanted];
        }
        self.dirty = self.dirty.max(blocks);
        &mut self.blocks
    }

    /// Wipes what hashes left, and gives back what an unusually large one took.
    pub(super) fn wipe(&mut self) {
        self.blocks.iter_mut().take(self.dirty).for_each(Zeroize::zeroize);
        self.dirty = 0;
        if self.blocks.len() > self.usual {
            self.blocks.truncate(self.usual);
            self.blocks.shrink_to_fit();
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.wipe();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_zero(blocks: &[Block]) -> bool {
        blocks.iter().all(|block| block.as_ref().iter().all(|word| *word == 0))
    }

    #[test]
    fn wiping_leaves_nothing_and_gives_back_what_was_unusual() {
        let mut memory = Memory::new(8);
        for block in memory.of(32) {
            block.as_mut().fill(7);
        }
        memory.wipe();
        assert_eq!(memory.blocks.capacity(), 8);
        assert!(is_zero(memory.of(4)));
    }

    #[test]
    fn growing_wipes_the_buffer_it_moves_out_of() {
        let mut memory = Memory::new(8);
        memory.of(8).iter_mut().for_each(|block| block.as_mut().fill(7));
        assert!(is_zero(memory.of(16)), "the old content was wiped before the buffer moved");
    }
}
