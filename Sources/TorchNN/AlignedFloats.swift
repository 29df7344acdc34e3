internal import CKernels

/// Floats that start as zeros, aligned to cache lines, which the kernels' vectors then do not cross.
package final class AlignedFloats: @unchecked Sendable {
  package let address: UnsafeMutablePointer<Float>
  package let count: Int

  package init(count: Int) {
    self.count = count
    let bytes = max(1, count) * MemoryLayout<Float>.stride
    let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    raw.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    address = raw.assumingMemoryBound(to: Float.self)
  }

  /// A copy of `values`, and zeros to a whole vector.
  package convenience init(_ values: [Float]) {
    self.init(count: AlignedFloats.rounded(values.count))
    for (index, value) in values.enumerated() { address[index] = value }
  }

  package convenience init(copying other: AlignedFloats) {
    self.init(count: other.count)
    address.update(from: other.address, count: count)
  }

  deinit { UnsafeMutableRawPointer(address).deallocate() }

  /// Up to whole vectors.
  package static func rounded(_ count: Int) -> Int {
    (count + Int(CKernelsLanes) - 1) / Int(CKernelsLanes) * Int(CKernelsLanes)
  }
}
