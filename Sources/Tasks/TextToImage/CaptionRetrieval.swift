internal import PipelineCore
internal import Torch

/// How well pictures let a matcher find their captions among others.
struct CaptionRetrieval {
  /// Captions that one is looked for among, itself among them.
  static let choices = 100

  private let matcher: CaptionMatcher
  /// `[N, D]`.
  private let directions: Tensor
  private let captions: [String]

  init(_ matcher: CaptionMatcher, _ captions: [String]) throws {
    self.matcher = matcher
    self.captions = captions
    directions = try Autograd.disabled { try matcher.directions(captions) }
  }

  /// How many of 99 other captions, or of as many as there are, each picture is nearer to than to its own.
  ///
  /// The others are chosen at random among `places`, once and for all.
  /// - Parameters:
  ///   - places: of the captions.
  ///   - pictures: of the captions at some of these places, `int64 [N]`, in order: `[N, 4, H, W]` over 0…1.
  func ranks(
    of places: [Int], workers: Int, pictures: @escaping @Sendable (Tensor) throws -> Tensor
  ) throws -> [Int] {
    let size = 20
    return try ChunkRunner(workers: workers).map((places.count + size - 1) / size) { chunk -> [Int] in
      try Interrupt.check()
      let rows = Array(places[chunk * size..<min(places.count, (chunk + 1) * size)])
      return try Autograd.disabled {
        let x = try pictures(Tensor(rows.map(Int64.init), shape: [rows.count]))
        let near = try matcher.nearness(x, directions).floats()
        return rows.enumerated().map { row, place in
          let own = near[row * captions.count + place]
          return Self.others(of: place, among: places, captions).count {
            near[row * captions.count + $0] >= own
          }
        }
      }
    }.flatMap { $0 }
  }

  /// Places of 99 captions that say something else.
  static func others(of place: Int, among places: [Int], _ captions: [String]) -> [Int] {
    var left = places.filter { captions[$0] != captions[place] }
    let noise = KeyedNoise(seed: 0, sample: UInt64(place), step: 0, stream: "others")
    let count = min(choices - 1, left.count)
    for index in 0..<count {
      left.swapAt(index, index + noise.integers(below: left.count - index, count: 1, offset: index)[0])
    }
    return Array(left.prefix(count))
  }
}
