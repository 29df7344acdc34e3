internal import CKernels
internal import Torch

/// Memory of an evaluation, which one thread at a time works on. A map's is given to the next one of its size once nobody has the map any more, so
/// that an evaluation takes none from the system, and finds in the cache what it has just used.
final class MapWorkspace: @unchecked Sendable {
  /// Working memory of whichever layer is at work.
  let scratch: AlignedFloats
  private var free: [AlignedFloats] = []
  /// More than the maps of a network that are alive at once.
  private static let limit = 64

  init(scratch: Int) { self.scratch = AlignedFloats(count: scratch) }

  fileprivate func take(count: Int) -> AlignedFloats {
    guard let index = free.lastIndex(where: { $0.count == count }) else { return AlignedFloats(count: count) }
    return free.remove(at: index)
  }

  fileprivate func takeBack(_ memory: AlignedFloats) {
    free.append(memory)
    // Sizes that are not asked for any more go first.
    if free.count > Self.limit { free.removeFirst() }
  }
}

/// Feature maps of several pictures as the kernels have them: channels last, rounded up to whole vectors.
final class FeatureMap {
  let maps: CKernelsMaps
  let channels: Int
  let workspace: MapWorkspace
  private let memory: AlignedFloats

  var address: UnsafeMutablePointer<Float> { memory.address }
  /// Of all pictures.
  var pixels: Int { maps.count * maps.height * maps.width }

  /// With anything in it.
  init(_ maps: CKernelsMaps, channels: Int, _ workspace: MapWorkspace) {
    self.maps = maps
    self.channels = channels
    self.workspace = workspace
    let pixels = maps.count * maps.height * maps.width + Int(CKernelsMapRoom)
    memory = workspace.take(count: pixels * AlignedFloats.rounded(channels))
  }

  deinit { workspace.takeBack(memory) }

  /// Of the same pictures and size, with anything in it.
  func another(channels: Int) -> FeatureMap { FeatureMap(maps, channels: channels, workspace) }

  /// Squares of `patch` × `patch` pixels as channels, in the order of `Tensor.pixelUnshuffled`.
  /// - Parameter x: float32 `[N, C, H, W]`.
  convenience init(unshuffling x: Tensor, patch: Int, _ workspace: MapWorkspace) throws {
    let shape = x.shape
    let maps = CKernelsMaps(count: shape[0], height: shape[2] / patch, width: shape[3] / patch)
    self.init(maps, channels: shape[1] * patch * patch, workspace)
    let pixel = AlignedFloats.rounded(channels)
    address.update(repeating: 0, count: pixels * pixel)
    try x.withBytes { bytes in
      let source = bytes.baseAddress!.assumingMemoryBound(to: Float.self)
      forEachElement(patch: patch) { element, place in address[place] = source[element] }
    }
  }

  /// A row of pixels for each sequence of `[N, L, D]`, float32.
  convenience init(rows x: Tensor, _ workspace: MapWorkspace) throws {
    let shape = x.shape
    self.init(CKernelsMaps(count: shape[0], height: 1, width: shape[1]), channels: shape[2], workspace)
    let pixel = AlignedFloats.rounded(channels)
    address.update(repeating: 0, count: pixels * pixel)
    try x.contiguous().withBytes { bytes in
      let source = bytes.baseAddress!.assumingMemoryBound(to: Float.self)
      for row in 0..<pixels { (address + row * pixel).update(from: source + row * channels, count: channels) }
    }
  }

  /// `[N, channels / patch², height · patch, width · patch]`.
  func shuffled(_ patch: Int) throws -> Tensor {
    let elements = [Float](unsafeUninitializedCapacity: pixels * channels) { buffer, initialized in
      forEachElement(patch: patch) { element, place in
        (buffer.baseAddress! + element).initialize(to: address[place])
      }
      initialized = pixels * channels
    }
    return try Tensor(
      elements, shape: [maps.count, channels / (patch * patch), maps.height * patch, maps.width * patch])
  }

  /// The index of every element in a tensor of whole pictures, and its place here.
  private func forEachElement(patch: Int, _ body: (_ element: Int, _ place: Int) -> Void) {
    let pixel = AlignedFloats.rounded(channels)
    let (height, width) = (maps.height * patch, maps.width * patch)
    var element = 0
    for picture in 0..<maps.count {
      for channel in 0..<channels / (patch * patch) {
        for y in 0..<height {
          let row = ((picture * maps.height + y / patch) * maps.width) * pixel
          let first = (channel * patch + y % patch) * patch
          for x in 0..<width {
            body(element, row + x / patch * pixel + first + x % patch)
            element += 1
          }
        }
      }
    }
  }
}
