internal import CKernels

/// Floats that start as zeros, aligned to cache lines, which the kernels' vectors then do not cross.
final class StepMemory: @unchecked Sendable {
  let address: UnsafeMutablePointer<Float>
  let count: Int

  init(count: Int) {
    self.count = count
    let bytes = max(64, count * MemoryLayout<Float>.stride)
    let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    raw.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    address = raw.assumingMemoryBound(to: Float.self)
  }

  convenience init(_ values: [Float]) {
    self.init(count: StepMemory.rounded(values.count))
    for (index, value) in values.enumerated() { address[index] = value }
  }

  deinit { UnsafeMutableRawPointer(address).deallocate() }

  /// Up to whole vectors.
  static func rounded(_ count: Int) -> Int {
    (count + Int(CKernelsLanes) - 1) / Int(CKernelsLanes) * Int(CKernelsLanes)
  }
}
