public import Torch

/// What a model is told about y, in the three shapes that a backbone can use. Any may be absent; all absent is the
/// unconditional case.
public struct Conditioning: Sendable {
  /// `[N, D]`: modulates layers.
  public var global: Tensor?
  /// `[N, L, D]`: attended to.
  public var sequence: Tensor?
  /// `[N, L]`, 1 where `sequence` holds something.
  public var sequenceMask: Tensor?
  /// `[N, C, …]`: concatenated to, or the start of, what the backbone sees.
  public var spatial: Tensor?

  public init(
    global: Tensor? = nil, sequence: Tensor? = nil, sequenceMask: Tensor? = nil, spatial: Tensor? = nil
  ) {
    self.global = global
    self.sequence = sequence
    self.sequenceMask = sequenceMask
    self.spatial = spatial
  }

  /// Rows of which `kept` is 0 are told nothing: zeros, and of a sequence only its first element, which all begin with.
  /// - Parameter kept: 0 or 1 for each row.
  public func keeping(_ kept: [Float]) throws -> Conditioning {
    var result = self
    if let global {
      result.global = try global * Tensor(kept, shape: [kept.count, 1]).to(device: global.device)
    }
    if let sequence, sequenceMask != nil || !kept.allSatisfy({ $0 == 1 }) {
      let (n, length) = (sequence.shape[0], sequence.shape[1])
      let mask = try sequenceMask ?? .full([n, length], 1, device: sequence.device)
      let first = try mask.narrow(1, start: 0, length: 1)
      let rest = try mask.narrow(1, start: 1, length: length - 1)
      result.sequenceMask = try .cat(
        [first, rest * Tensor(kept, shape: [kept.count, 1]).to(device: sequence.device)], axis: 1)
    }
    return result
  }

  /// The same rows `times` over, all of them after one another.
  public func repeated(_ times: Int) throws -> Conditioning {
    try .joined([Conditioning](repeating: self, count: times))
  }

  /// The rows of several after one another; what one lacks, all do.
  public static func joined(_ parts: [Conditioning]) throws -> Conditioning {
    func all(_ path: KeyPath<Conditioning, Tensor?>) throws -> Tensor? {
      let tensors = parts.compactMap { $0[keyPath: path] }
      return tensors.isEmpty || tensors.count < parts.count ? nil : try .cat(tensors, axis: 0)
    }
    return Conditioning(
      global: try all(\.global), sequence: try all(\.sequence), sequenceMask: try all(\.sequenceMask),
      spatial: try all(\.spatial))
  }

  public static var none: Conditioning { Conditioning() }
}
