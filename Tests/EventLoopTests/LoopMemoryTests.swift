import Testing

@testable import EventLoop

@Suite struct LoopMemoryTests {
    private func memory(_ mebibytes: UInt64, _ workers: Int) -> LoopMemory { LoopMemory(limit: mebibytes << 20, workers: workers) }

    @Test func `without a limit buffers are as many as ever and nothing is bounded`() {
        let plenty = LoopMemory()
        #expect(plenty.smallBuffers == 1024 && plenty.largeBuffers == 32)
        #expect(plenty.frugalFrom == .max && plenty.heldLimit == .max && plenty.unsentInKernel == nil)
        let state = UringState(buffers: plenty.smallBuffers)
        defer { state.free() }
        #expect(state.leastSmall == 64 && state.maximumSmall == 768)
    }

    @Test func `a machine with gigabytes a worker keeps all buffers`() {
        for workers in [1, 2, 16] {
            let memory = memory(2048 * UInt64(workers), workers)
            #expect(memory.smallBuffers == 1024 && memory.largeBuffers == 32 && memory.unsentInKernel == nil)
            #expect(memory.frugalFrom == 256 << 20 && memory.heldLimit == 768 << 20)
        }
    }

    @Test(arguments: [(128, 2), (128, 1), (512, 1), (512, 8), (64, 2), (256, 64)] as [(UInt64, Int)])
    func `buffers and blocks of all workers together leave a part of the limit for the rest`(_ mebibytes: UInt64, _ workers: Int) {
        let memory = memory(mebibytes, workers)
        let share = Int(mebibytes << 20) / workers
        let buffers = memory.smallBuffers * (64 << 10) + memory.largeBuffers * (512 << 10)
        #expect(memory.frugalFrom == share / 8 && memory.heldLimit == share / 8 * 3)
        #expect(memory.smallBuffers.nonzeroBitCount == 1 && memory.largeBuffers.nonzeroBitCount == 1)
        #expect(memory.unsentInKernel == UInt32(max(64 << 10, share >> 11)))
        // As few as there must be, or no more than a quarter.
        #expect(memory.smallBuffers == 32 || buffers <= share / 4)
    }

    @Test func `nonsense gives the least and no trap`() {
        let least = LoopMemory(limit: 0, workers: 0)
        #expect(least.smallBuffers == 32 && least.largeBuffers == 1)
        #expect(LoopMemory(limit: .max, workers: 1).smallBuffers == 1024)
    }
}

extension UringState {
    fileprivate func free() {
        completions.deallocate()
        wakeBytes.deallocate()
    }
}
