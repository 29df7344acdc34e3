public import Foundation
public import Logging
internal import MediaIO
internal import MediaTensors
internal import Torch

/// Pairs of photographs, high resolution and its bicubic reduction, held in memory as 8-bit tensors.
public struct PhotographDataset: Sendable {
  /// One photograph: `high [3, s·h, s·w]` and `low [3, h, w]`, both `uint8`.
  struct Pair: Sendable {
    let high: Tensor
    let low: Tensor
    /// A square of a large picture.
    var isCut = false
    var lowHeight: Int { low.shape[1] }
    var lowWidth: Int { low.shape[2] }

    /// The middle, at most `side` low-resolution pixels a side: `low [3, h, w]` and `high [3, scale · h, scale · w]` over 0…1.
    func middle(side: Int, scale: Int) throws -> (low: Tensor, high: Tensor) {
      func part(_ picture: Tensor, _ scale: Int) throws -> Tensor {
        try middle(of: picture, side: side, scale)
      }
      return (try part(low, 1).to(.float32) / 255, try part(high, scale).to(.float32) / 255)
    }

    /// The same part of a picture that is `scale` times as large as the low one, `[C, scale · lowHeight, scale · lowWidth]`.
    func middle(of picture: Tensor, side: Int, _ scale: Int) throws -> Tensor {
      let (height, width) = (min(side, lowHeight), min(side, lowWidth))
      return try picture.narrow(1, start: (lowHeight - height) / 2 * scale, length: height * scale)
        .narrow(2, start: (lowWidth - width) / 2 * scale, length: width * scale)
    }
  }

  public let scale: Int
  public let degradation: Degradation
  let training: [Pair]
  let validation: [Pair]
  /// Share of the positions up to each training pair: a pair is drawn as often as it is large.
  private let cumulative: [Double]

  /// Pictures of more than this many pixels are halved first: that removes traces of JPEG and of demosaicing.
  static let halvedAbove = 600_000
  /// Side of the squares that large pictures are cut into.
  static let cutSide = 320
  /// Squares whose mean absolute luma gradient (0…255, both axes added) is below this teach nothing.
  static let leastDetail = 4.0

  /// Reads every PNG and JPEG below `folders`, in the order of their paths, on one thread per core.
  ///
  /// Every 20th small picture is held out for validation. Links and pictures under 64 pixels are left out;
  /// unreadable ones are named in the log and left out.
  /// - Throws: `MediaError` when a folder is missing, `TensorError`, or a usage error when nothing was found.
  public init(
    folders: [URL], scale: Int, degradation: Degradation = .bicubic, log: Logger
  ) throws {
    self.scale = scale
    self.degradation = degradation
    let files = try folders.flatMap(Self.pictures(below:))
    let read = try ChunkRunner().map(files.count) { index in
      do {
        return try Self.read(files[index], scale)
      } catch let error as MediaError {
        log.warning("left out: \(error)")
        return []
      }
    }
    var training: [Pair] = []
    var validation: [Pair] = []
    var small = 0
    for pairs in read {
      if let pair = pairs.first, pairs.count == 1, !pair.isCut {
        if small % 20 == 0 {
          validation.append(try Self.validation(pair, scale, degradation, index: validation.count))
        } else {
          training.append(pair)
        }
        small += 1
      } else {
        training += pairs
      }
    }
    // A single photograph serves for both.
    if training.isEmpty { training = validation }
    guard !training.isEmpty else {
      throw TensorError(
        "no photographs to train on below \(folders.map(\.path).joined(separator: ", ")); PNG or JPEG files of at least "
          + "64×64 would be right")
    }
    self.training = training
    self.validation =
      try validation.isEmpty ? [Self.validation(training[0], scale, degradation, index: 0)] : validation
    let areas = training.map { Double($0.lowHeight * $0.lowWidth) }
    var sum = 0.0
    cumulative = areas.map {
      sum += $0
      return sum
    }
    log.info(
      "\(training.count) pictures to train on (\(String(format: "%.1f", sum * Double(scale * scale) / 1e6)) megapixels), \(self.validation.count) held out"
    )
  }

  /// - Throws: `TensorError` when a photograph is smaller than a crop of `patch` low-resolution pixels a side.
  func check(patch: Int) throws {
    let smallest = training.min { min($0.lowHeight, $0.lowWidth) < min($1.lowHeight, $1.lowWidth) }
    guard let smallest, min(smallest.lowHeight, smallest.lowWidth) < patch else { return }
    throw TensorError(
      "a patch of \(patch) pixels does not fit into the smallest photograph, "
        + "\(smallest.lowWidth)×\(smallest.lowHeight) when reduced by \(scale)")
  }

  /// One batch of crops, `low [n, 3, side, side]` and `high [n, 3, s·side, s·side]` over 0…1, each turned and
  /// mirrored at random; keyed by (seed, step, index of the sample in the step).
  func batch(seed: UInt64, step: Int, samples: Range<Int>, side: Int) throws -> (low: Tensor, high: Tensor) {
    var lows: [Tensor] = []
    var highs: [Tensor] = []
    for sample in samples {
      let place = place(seed: seed, step: step, sample: sample, side: side)
      let pair = training[place.pair]
      let low =
        switch degradation {
        case .bicubic: try Self.crop(pair.low, place.y, place.x, side).to(.float32) / 255
        case .real: try degraded(pair, place.y, place.x, side, place.noise)
        }
      lows.append(try place.symmetry(low))
      highs.append(
        try place.symmetry(Self.crop(pair.high, place.y * scale, place.x * scale, side * scale)))
    }
    // With the channels innermost the convolutions of a step take a tenth less time.
    return (
      try Tensor.stack(lows).contiguous(.channelsLast),
      try (Tensor.stack(highs).to(.float32) / 255).contiguous(.channelsLast)
    )
  }

  /// Where one sample of a batch is cut out, in pixels of the low picture, and how it is turned.
  struct Place {
    /// The index of the training pair.
    let pair: Int
    let y: Int
    let x: Int
    let symmetry: SquareSymmetry
    let noise: KeyedNoise
  }

  func place(seed: UInt64, step: Int, sample: Int, side: Int) -> Place {
    let noise = KeyedNoise(seed: seed, sample: UInt64(sample), step: UInt64(step), stream: "crops")
    let draws = noise.uniform(count: 4).map(Double.init)
    let target = draws[0] * cumulative.last!
    let index = min(cumulative.firstIndex { $0 > target } ?? 0, training.count - 1)
    return Place(
      pair: index, y: Int(draws[1] * Double(training[index].lowHeight - side + 1)),
      x: Int(draws[2] * Double(training[index].lowWidth - side + 1)),
      symmetry: SquareSymmetry(code: Int(draws[3] * 8)), noise: noise)
  }

  /// A crop of the low picture over 0…1, made anew from its surroundings in the high one.
  private func degraded(_ pair: Pair, _ y: Int, _ x: Int, _ side: Int, _ noise: KeyedNoise) throws -> Tensor {
    let margin = RealDegradation.margin
    let rows = max(0, y - margin)..<min(pair.lowHeight, y + side + margin)
    let columns = max(0, x - margin)..<min(pair.lowWidth, x + side + margin)
    let surroundings =
      try pair.high.narrow(1, start: rows.lowerBound * scale, length: rows.count * scale)
      .narrow(2, start: columns.lowerBound * scale, length: columns.count * scale).to(.float32) / 255
    let low = try RealDegradation.low(surroundings, scale: scale, noise: noise)
    return try Self.crop(low, y - rows.lowerBound, x - columns.lowerBound, side)
  }

  /// A held-out pair is always degraded alike.
  private static func validation(_ pair: Pair, _ scale: Int, _ degradation: Degradation, index: Int) throws
    -> Pair
  {
    guard degradation == .real else { return pair }
    let noise = KeyedNoise(seed: 0, sample: UInt64(index), step: 0, stream: "validation")
    let low = try RealDegradation.low(pair.high.to(.float32) / 255, scale: scale, noise: noise)
    return Pair(high: pair.high, low: try bytes(low))
  }

  /// The pairs of one file: itself, or the squares of a large picture; none of what is no photograph.
  private static func read(_ file: URL, _ scale: Int) throws -> [Pair] {
    let image = try Image(contentsOf: file)
    guard image.channels == .rgb || image.channels == .grey, min(image.width, image.height) >= 64 else {
      return []
    }
    var picture = try image.tensor()
    if image.channels == .grey { picture = try picture.repeatInterleave(3, axis: 0) }
    guard image.width * image.height > Self.halvedAbove else { return [try pair(picture, scale)] }
    return try squares(of: picture).map {
      var pair = try pair($0, scale)
      pair.isCut = true
      return pair
    }
  }

  static func crop(_ picture: Tensor, _ y: Int, _ x: Int, _ side: Int) throws -> Tensor {
    try picture.narrow(1, start: y, length: side).narrow(2, start: x, length: side)
  }

  private static func pair(_ picture: Tensor, _ scale: Int) throws -> Pair {
    let height = picture.shape[1] / scale * scale
    let width = picture.shape[2] / scale * scale
    let high = try picture.narrow(1, start: 0, length: height).narrow(2, start: 0, length: width).contiguous()
    let low = try Degradation.bicubic(high, scale: scale)
    return Pair(high: try bytes(high), low: try bytes(low))
  }

  private static func bytes(_ picture: Tensor) throws -> Tensor {
    try (picture.clamped(0, 1) * 255).rounded().to(.uint8)
  }

  private static func squares(of picture: Tensor) throws -> [Tensor] {
    let half = try Degradation.bicubic(picture, scale: 2)
    let (height, width) = (half.shape[1], half.shape[2])
    var squares: [Tensor] = []
    for y in stride(from: 0, through: height - cutSide, by: cutSide) {
      for x in stride(from: 0, through: width - cutSide, by: cutSide) {
        let square = try crop(half, y, x, cutSide).contiguous()
        let grey = try square.mean([0]) * 255
        let down =
          try grey.narrow(0, start: 1, length: cutSide - 1) - grey.narrow(0, start: 0, length: cutSide - 1)
        let across =
          try grey.narrow(1, start: 1, length: cutSide - 1) - grey.narrow(1, start: 0, length: cutSide - 1)
        if try down.abs().mean().scalar() + across.abs().mean().scalar() > leastDetail {
          squares.append(square)
        }
      }
    }
    return squares
  }

  /// Every PNG and JPEG below `folder` (or the file itself), sorted by path; links are not followed.
  static func pictures(below folder: URL) throws -> [URL] {
    let keys: [URLResourceKey] = [.isRegularFileKey, .isSymbolicLinkKey]
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder) else {
      throw TensorError("\(folder.path) does not exist; a folder of photographs would be right")
    }
    guard isFolder.boolValue else { return [folder] }
    guard let walk = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: keys) else {
      return []
    }
    var found: [URL] = []
    for case let file as URL in walk where ["png", "jpg", "jpeg"].contains(file.pathExtension.lowercased()) {
      let values = try? file.resourceValues(forKeys: Set(keys))
      if values?.isRegularFile == true, values?.isSymbolicLink != true { found.append(file) }
    }
    return found.sorted { $0.path < $1.path }
  }
}
