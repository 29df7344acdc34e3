extension YAMLValue {
  /// Reads a `Decodable` type, such as a task's training recipe, and refuses keys that the type does not have.
  ///
  /// The known keys are the ones that the type's `init(from:)` asks for, so nothing is written twice.
  ///
  /// - Parameter owner: for messages: `the training recipe`.
  /// - Throws: `PipelineError` of kind `.usage` with the line.
  public func decode<Value: Decodable>(_ type: Value.Type, of owner: String) throws -> Value {
    let decoder = StrictYAMLDecoder(self, owner: owner, codingPath: [])
    do {
      let value = try Value(from: decoder)
      try decoder.finish()
      return value
    } catch let error as DecodingError {
      throw PipelineError.usage("\(place): \(owner): \(Self.reason(error))")
    }
  }

  /// What a type's own `init(from:)` threw, such as an enum that does not know a raw value.
  private static func reason(_ error: DecodingError) -> String {
    switch error {
    case .dataCorrupted(let context), .typeMismatch(_, let context), .valueNotFound(_, let context),
      .keyNotFound(_, let context):
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      return path.isEmpty ? context.debugDescription : "'\(path)': \(context.debugDescription)"
    @unknown default: return "\(error)"
    }
  }
}

/// The decoder of one value; it keeps the tables that were opened, to check their keys at the end.
private final class StrictYAMLDecoder: Decoder {
  let value: YAMLValue
  let owner: String
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }
  private var reader: YAMLReader?

  init(_ value: YAMLValue, owner: String, codingPath: [any CodingKey]) {
    self.value = value
    self.owner = owner
    self.codingPath = codingPath
  }

  func finish() throws { try reader?.finish() }

  func table() throws -> YAMLReader {
    if let reader { return reader }
    let made = try YAMLReader(value, of: owner)
    reader = made
    return made
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(Table<Key>(decoder: self, reader: try table()))
  }
  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .sequence(let items) = value.content else {
      throw PipelineError.usage("\(value.place): \(owner) is \(value.phrase); a list would be right")
    }
    return List(decoder: self, items: items)
  }
  func singleValueContainer() throws -> any SingleValueDecodingContainer { Single(decoder: self) }

  /// A nested value, its keys checked as soon as it is read.
  func nested<Value: Decodable>(_ value: YAMLValue, _ key: any CodingKey, as type: Value.Type) throws -> Value
  {
    let name = "'\(key.stringValue)'"
    if let scalar = type as? any YAMLScalar.Type {
      return try value.read(name, as: scalar) as! Value
    }
    let decoder = StrictYAMLDecoder(value, owner: name, codingPath: codingPath + [key])
    do {
      let result = try Value(from: decoder)
      try decoder.finish()
      return result
    } catch let error as DecodingError {
      if case .dataCorrupted(let context) = error {
        throw PipelineError.usage("\(value.place): \(name) is \(value.phrase): \(context.debugDescription)")
      }
      throw error
    }
  }
}

private struct Table<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let decoder: StrictYAMLDecoder
  let reader: YAMLReader
  var codingPath: [any CodingKey] { decoder.codingPath }
  var allKeys: [Key] { reader.keys.compactMap { Key(stringValue: $0) } }

  func contains(_ key: Key) -> Bool { reader.entry(key.stringValue) != nil }
  func decodeNil(forKey key: Key) throws -> Bool { reader.entry(key.stringValue)?.value.isNull ?? true }
  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    guard let entry = reader.entry(key.stringValue) else {
      throw reader.lacking(key.stringValue, (type as? any YAMLReadable.Type)?.yamlExpectation)
    }
    return try decoder.nested(entry.value, key, as: type)
  }

  func nestedContainer<NestedKey: CodingKey>(keyedBy type: NestedKey.Type, forKey key: Key) throws
    -> KeyedDecodingContainer<NestedKey>
  { try child(key).container(keyedBy: type) }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try child(key).unkeyedContainer()
  }
  func superDecoder() throws -> any Decoder { decoder }
  func superDecoder(forKey key: Key) throws -> any Decoder { try child(key) }

  private func child(_ key: Key) throws -> StrictYAMLDecoder {
    guard let entry = reader.entry(key.stringValue) else { throw reader.lacking(key.stringValue, nil) }
    return StrictYAMLDecoder(entry.value, owner: "'\(key.stringValue)'", codingPath: codingPath + [key])
  }
}

private struct Position: CodingKey {
  let intValue: Int?
  let stringValue: String
  init(intValue: Int) {
    self.intValue = intValue
    stringValue = "item \(intValue + 1)"
  }
  init?(stringValue: String) { nil }
}

private struct List: UnkeyedDecodingContainer {
  let decoder: StrictYAMLDecoder
  let items: [YAMLValue]
  var currentIndex = 0
  var codingPath: [any CodingKey] { decoder.codingPath }
  var count: Int? { items.count }
  var isAtEnd: Bool { currentIndex == items.count }

  private mutating func next() throws -> (value: YAMLValue, key: Position) {
    guard currentIndex < items.count else {
      throw PipelineError.usage(
        "\(decoder.value.place): \(decoder.owner) has \(items.count) items; more would be right")
    }
    defer { currentIndex += 1 }
    return (items[currentIndex], Position(intValue: currentIndex))
  }

  mutating func decodeNil() throws -> Bool {
    guard currentIndex < items.count, items[currentIndex].isNull else { return false }
    currentIndex += 1
    return true
  }
  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
    let (value, key) = try next()
    return try decoder.nested(value, key, as: type)
  }
  mutating func nestedContainer<NestedKey: CodingKey>(keyedBy type: NestedKey.Type) throws
    -> KeyedDecodingContainer<NestedKey>
  { try superDecoder().container(keyedBy: type) }
  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try superDecoder().unkeyedContainer()
  }
  mutating func superDecoder() throws -> any Decoder {
    let (value, key) = try next()
    return StrictYAMLDecoder(value, owner: key.stringValue, codingPath: codingPath + [key])
  }
}

private struct Single: SingleValueDecodingContainer {
  let decoder: StrictYAMLDecoder
  var codingPath: [any CodingKey] { decoder.codingPath }

  func decodeNil() -> Bool { decoder.value.isNull }
  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    if let scalar = type as? any YAMLScalar.Type {
      return try decoder.value.read(decoder.owner, as: scalar) as! T
    }
    return try T(from: decoder)
  }
}
