internal import CKernels
internal import Torch

/// Learned vectors that tell every pixel of a map what place it has.
struct FusedPosition {
  /// `[H, W, C]`, channels rounded up.
  private let values: AlignedFloats

  /// - Parameter position: `[C, H, W]`.
  init(_ position: Parameter) throws {
    let channels = position.value.shape[0]
    let pixels = position.value.count / channels
    let rounded = AlignedFloats.rounded(channels)
    values = AlignedFloats(count: pixels * rounded)
    for (index, value) in try position.value.contiguous().floats().enumerated() {
      values.address[index % pixels * rounded + index / pixels] = value
    }
  }

  /// - Precondition: the map has the positions' size.
  func add(to map: FeatureMap) {
    precondition(map.maps.count * values.count == map.pixels * AlignedFloats.rounded(map.channels))
    for picture in 0..<map.maps.count {
      let target = map.address + picture * values.count
      for index in 0..<values.count { target[index] += values.address[index] }
    }
  }
}
